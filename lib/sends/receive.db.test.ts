import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { systemTenant } from "../actor";
import { db } from "../db";
import { suppressedAmong } from "../suppressions";
import { makeConnection, makeSend, makeWorkspace, nextId } from "../testing/factory";
import { onWake } from "../wake";
import { receiveWebhook } from "./receive";

const secret = "a-secret-of-this-connection";
let workspaceId: string;
let connectionId: string;
beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  connectionId = (await makeConnection(db, { workspaceId, webhookSecret: secret })).id;
});

const sample = (name: string, over: Record<string, unknown> = {}): string => {
  const text = readFileSync(new URL(`../sandbox/samples/webhook.${name}.json`, import.meta.url), "utf8");
  return JSON.stringify({ ...JSON.parse(text), ...over });
};
const receive = (bodyText: string, headers: Record<string, string> = { "X-Gflux-Webhook-Secret": secret }) =>
  receiveWebhook({ workspaceId, connectionId, headers: new Headers(headers), bodyText });
const rawRows = () => db.prisma.webhookEvent.count({ where: { workspaceId } });
const sent = () =>
  makeSend(db, { workspaceId, connectionId, status: "sent", dueAt: null, providerMessageId: nextId() });
const sendOf = (id: string) => db.prisma.send.findUniqueOrThrow({ where: { workspaceId_id: { workspaceId, id } } });

describe("a webhook", () => {
  test.each([
    ["delivery", { status: "delivered" }],
    ["bounce-hard", { status: "bounced" }],
    ["bounce-soft", { status: "bounced" }],
    ["bounce-transient", { status: "sent" }],
    ["bounce-smtpapierror", { status: "failed" }],
    ["spam-complaint", { status: "complained" }],
    ["open", { status: "sent", opens: 1 }],
    ["click", { status: "sent", clicks: 1 }],
    ["subscription-change-unsubscribe", { status: "sent" }],
  ])("%s changes its send", async (name, change) => {
    const { id, providerMessageId } = await sent();
    const body = sample(name, {
      MessageID: providerMessageId,
      Metadata: { send_id: id },
      ID: Number.parseInt(nextId().slice(-8), 16),
    });
    expect(await receive(body)).toMatchObject({ matched: 1, pending: 0 });
    await receive(body);
    expect(await sendOf(id)).toMatchObject(change);
    const events = await db.prisma.engagementEvent.count({ where: { workspaceId, sendId: id } });
    expect(events).toBe(1);
  });

  test("carries its secret as Basic password too, and without it nothing is stored", async () => {
    const before = await rawRows();
    const basic = (password: string) => ({
      Authorization: `Basic ${Buffer.from(`gflux:${password}`).toString("base64")}`,
    });
    await expect(receive(sample("open"), basic("wrong"))).rejects.toMatchObject({ code: "unauthenticated" });
    await expect(receive(sample("open"), {})).rejects.toMatchObject({ code: "unauthenticated" });
    expect(await rawRows()).toBe(before);
    await receive(sample("open", { MessageID: nextId() }), basic(secret));
    expect(await rawRows()).toBe(before + 1);
  });

  test("for a connection of another workspace is not found, and nothing is stored", async () => {
    const other = await makeWorkspace(db);
    const headers = new Headers({ "X-Gflux-Webhook-Secret": secret });
    const bodyText = sample("open");
    await expect(receiveWebhook({ workspaceId: other.id, connectionId, headers, bodyText })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(
      receiveWebhook({ workspaceId: "no-id", connectionId: "neither", headers, bodyText }),
    ).rejects.toMatchObject({ code: "not_found" });
    expect(await db.prisma.webhookEvent.count({ where: { workspaceId: other.id } })).toBe(0);
  });

  test("that is not JSON is refused, and nothing is stored", async () => {
    const before = await rawRows();
    await expect(receive("{")).rejects.toMatchObject({ code: "validation_error" });
    expect(await rawRows()).toBe(before);
  });

  test.each([
    "[]",
    "null",
    '"words"',
    '{"RecordType":"Inbound\\u0000"}',
    '{"RecordType":"Delivery","MessageID":7}',
    "{}",
  ])("that is well-formed but of no use is kept word for word: %s", async (body) => {
    expect(await receive(body)).toEqual({ matched: 0, pending: 0, woken: 0 });
    const newest = await db.prisma.webhookEvent.findFirst({ where: { workspaceId }, orderBy: { id: "desc" } });
    expect(newest?.body).toBe(body);
  });

  test("about a message that we never sent suppresses all the same", async () => {
    const recipient = `${nextId()}@example.com`;
    const body = sample("subscription-change-manual", { Recipient: recipient, ChangedAt: new Date().toISOString() });
    await receive(body);
    const asked = { emails: [recipient], connectionId, stream: "broadcast" };
    expect((await suppressedAmong(db, systemTenant(workspaceId), asked)).get(recipient)?.reason).toBe("manual");
    const later = new Date(Date.now() + 5000).toISOString();
    await receive(sample("subscription-change-reactivated", { Recipient: recipient, ChangedAt: later }));
    expect((await suppressedAmong(db, systemTenant(workspaceId), asked)).size).toBe(0);
  });
});

test("who waits for a send is woken after the commit, and nobody else", async () => {
  let rung = 0;
  const end = onWake(() => {
    rung += 1;
  });
  const { id, providerMessageId } = await sent();
  await receive(sample("open", { MessageID: providerMessageId, Metadata: { send_id: id } }));
  expect(rung).toBe(0);
  end();
});
