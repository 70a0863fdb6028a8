import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant, type Tenant } from "../actor";
import { db } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { makeConnection, makeWorkspace } from "../testing/factory";
import {
  deleteConnection,
  disableConnection,
  getConnection,
  listWebhooksSeen,
  parseWebhook,
  rotateWebhookSecret,
  storeWebhook,
  webhookSender,
} from "./index";

let actor: Actor;
let tenant: Tenant;
let id: string;
const secret = "the-webhook-secret";

beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  actor = { kind: "user", id: "019a9c3e-5b2e-7f61-9c8e-0d4b1f6a2c31", workspaceId, permissions: new Set(permissions) };
  tenant = systemTenant(workspaceId);
  ({ id } = await makeConnection(db, { workspaceId, webhookSecret: secret }));
});

const basic = (user: string, password: string) =>
  new Headers({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });
const header = (value: string) => new Headers({ "X-Gflux-Webhook-Secret": value });
const answer = (headers: Headers, workspaceId = actor.workspaceId, connectionId = id) =>
  webhookSender(workspaceId, connectionId, headers).then(
    (found) => found.workspaceId,
    (thrown) => (thrown instanceof AppError ? thrown.code : String(thrown)),
  );

describe("who a webhook comes from", () => {
  test("is known by the secret as Basic password of gflux, or in our header", async () => {
    expect(await answer(basic("gflux", secret))).toBe(actor.workspaceId);
    expect(await answer(header(secret))).toBe(actor.workspaceId);
    expect(
      await answer(new Headers({ ...Object.fromEntries(header(secret)), authorization: "Basic bm9uc2Vuc2U=" })),
    ).toBe(actor.workspaceId);
  });

  test.each([
    ["nothing", () => new Headers()],
    ["a wrong password", () => basic("gflux", "wrong")],
    ["an empty password", () => basic("gflux", "")],
    ["a wrong user", () => basic("admin", secret)],
    ["a wrong header", () => header(`${secret}x`)],
    ["an empty header", () => header("")],
    ["a bearer", () => new Headers({ authorization: `Bearer ${secret}` })],
    ["broken Basic", () => new Headers({ authorization: "Basic %%%" })],
  ])("is refused with %s", async (_case, headers) => {
    expect(await answer(headers())).toBe("unauthenticated");
  });

  test("is not found for a connection that is unknown, foreign, deleted, or no id", async () => {
    const other = await makeWorkspace(db);
    expect(await answer(header(secret), other.id)).toBe("not_found");
    expect(await answer(header(secret), actor.workspaceId, newId())).toBe("not_found");
    expect(await answer(header(secret), actor.workspaceId, "nonsense")).toBe("not_found");
    expect(await answer(header(secret), "nonsense")).toBe("not_found");
    await deleteConnection(actor, { id });
    expect(await answer(header(secret))).toBe("not_found");
  });

  test("a disabled connection still hears what became of its mail", async () => {
    await disableConnection(actor, { id });
    expect(await answer(header(secret))).toBe(actor.workspaceId);
  });

  test("after a rotation both secrets are good for a day, then only the new one", async () => {
    const rotated = await rotateWebhookSecret(actor, { id });
    const fresh = rotated.webhook_secret ?? "";
    expect(fresh).not.toBe(secret);
    expect(fresh.length).toBeGreaterThanOrEqual(32);
    expect(await answer(header(fresh))).toBe(actor.workspaceId);
    expect(await answer(basic("gflux", secret))).toBe(actor.workspaceId);
    const row = await db.prisma.connection.findFirstOrThrow({ where: { id } });
    expect((row.previousSecretUntil?.getTime() ?? 0) - Date.now()).toBeGreaterThan(86_000_000);
    await db.prisma.connection.updateMany({
      where: { id },
      data: { previousSecretUntil: new Date(Date.now() - 1000) },
    });
    expect(await answer(header(secret))).toBe("unauthenticated");
    expect(await answer(header(fresh))).toBe(actor.workspaceId);
    expect((await getConnection(actor, { id })).webhook_secret).toBe(fresh);
  });
});

describe("what came", () => {
  const store = (body: unknown, text = JSON.stringify(body)) =>
    storeWebhook(db, tenant, { connectionId: id, text, body });

  test("is kept word for word, unknown types and odd characters included", async () => {
    const text = '{ "RecordType":"Delivery",\n "MessageID": "x", "Tag": "\\u0000", "ID": 4323372036854775807 }';
    const stored = await store(JSON.parse(text), text);
    for (const body of [{ RecordType: "Of\u0000Tomorrow" }, {}, [], null, 7]) await store(body);
    const rows = await db.prisma.webhookEvent.findMany({
      where: { workspaceId: actor.workspaceId },
      orderBy: { id: "asc" },
    });
    expect(rows.find((row) => row.id === stored)).toMatchObject({
      recordType: "Delivery",
      body: text,
      connectionId: id,
    });
    expect(rows.map(({ recordType }) => recordType).sort()).toEqual([
      "Delivery",
      "OfTomorrow",
      "unknown",
      "unknown",
      "unknown",
      "unknown",
    ]);
  });

  test("is told by type, with the moment of the newest, and only of this connection", async () => {
    expect(await listWebhooksSeen(actor, { id })).toEqual({ data: [] });
    const before = Date.now();
    for (const type of ["Open", "Delivery", "Open"]) await store({ RecordType: type });
    const other = await makeConnection(db, { workspaceId: actor.workspaceId });
    await storeWebhook(db, tenant, { connectionId: other.id, text: "{}", body: { RecordType: "Click" } });
    const { data } = await listWebhooksSeen(actor, { id });
    expect(data.map(({ record_type: type }) => type).sort()).toEqual(["Delivery", "Open"]);
    for (const { last_received_at: at } of data) expect(Math.abs(Date.parse(at) - before)).toBeLessThan(10_000);
  });

  test("is read in our words", () => {
    const text =
      '{"RecordType":"Bounce","ID":4323372036854775807,"Type":"HardBounce","Inactive":true,"Email":"Old@Example.com","MessageID":"M-1"}';
    expect(parseWebhook({ text, body: JSON.parse(text) }, new Date())).toMatchObject({
      kind: "bounced",
      newsKey: expect.stringContaining("4323372036854775807"),
      recipient: "old@example.com",
    });
  });
});
