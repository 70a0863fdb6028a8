import { beforeAll, expect, test } from "vitest";
import { POST as acknowledge } from "../../app/v1/alerts/[id]/acknowledge/route";
import { GET as health } from "../../app/v1/email-providers/[id]/health/route";
import { PATCH as changeSettings, GET as getSettings } from "../../app/v1/projects/[project_id]/alert-settings/route";
import { GET as list } from "../../app/v1/projects/[project_id]/alerts/route";
import { db } from "../db";
import { newId, newSecret } from "../ids";
import { makeApiKey, makeConnection, makeWorkspace } from "../testing/factory";
import type { Handler } from "./route";

let workspaceId: string;
let connectionId: string;
let alertId: string;
const keys = { ours: "", theirs: "", scoped: "" };
beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  connectionId = (await makeConnection(db, { workspaceId })).id;
  alertId = newId();
  await db.prisma.alert.create({
    data: {
      workspaceId,
      connectionId,
      id: alertId,
      kind: "bounces",
      open: true,
      openedAt: new Date(),
      figures: { sent: 100, count: 7 },
    },
  });
  const key = async (over: Parameters<typeof makeApiKey>[1]) => {
    const secret = `gflux_secret_live_${newSecret()}`;
    await makeApiKey(db, { ...over, secret });
    return secret;
  };
  keys.ours = await key({ workspaceId });
  keys.theirs = await key({ workspaceId: (await makeWorkspace(db)).id });
  keys.scoped = await key({ workspaceId, scopes: ["events:write"] });
});

type Ask = { handler: Handler; params: Record<string, string>; query?: string; method?: string; body?: object };
async function ask({ handler, params, query = "", method = "GET", body }: Ask, key: string) {
  const headers = { ...(key && { authorization: `Bearer ${key}` }) };
  const request = new Request(`http://localhost/v1/x${query}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = await handler(request, { params: Promise.resolve(params) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const doors = (): [string, Ask][] => [
  ["the alerts", { handler: list, params: { project_id: workspaceId }, query: "?open=true" }],
  ["an acknowledgement", { handler: acknowledge, params: { id: alertId }, method: "POST" }],
  ["the settings", { handler: getSettings, params: { project_id: workspaceId } }],
  [
    "a change of the settings",
    {
      handler: changeSettings,
      params: { project_id: workspaceId },
      method: "PATCH",
      body: { alert_email_admins: true },
    },
  ],
  ["health", { handler: health, params: { id: connectionId }, query: "?window=7d" }],
];

test("each door lets in who may, and nobody else", async () => {
  for (const [name, what] of doors()) {
    expect([name, (await ask(what, "")).status]).toEqual([name, 401]);
    expect([name, (await ask(what, keys.scoped)).body.error]).toEqual([name, "insufficient_scope"]);
    expect([name, (await ask(what, keys.theirs)).status]).toEqual([name, 404]);
    expect([name, (await ask(what, keys.ours)).status]).toEqual([name, 200]);
  }
});

test("what is asked wrongly is said by field", async () => {
  const [, , , [, change], [, look]] = doors() as [
    [string, Ask],
    [string, Ask],
    [string, Ask],
    [string, Ask],
    [string, Ask],
  ]; // five, as above
  expect((await ask({ ...look, query: "?window=1y" }, keys.ours)).body).toMatchObject({
    error: "validation_error",
    fields: { window: expect.anything() },
  });
  const wrong = await ask({ ...change, body: { alert_webhook_url: "ftp://example.com" } }, keys.ours);
  expect(wrong.body).toMatchObject({ error: "validation_error", fields: { alert_webhook_url: expect.anything() } });
  const unknown = await ask({ ...change, body: { alert_webhok_url: null } }, keys.ours);
  expect(String(unknown.body.detail)).toContain("alert_webhook_url");
});

test("an alert says in a sentence what is wrong, with its figures", async () => {
  const { body } = await ask({ handler: list, params: { project_id: workspaceId } }, keys.ours);
  expect(body).toMatchObject({
    data: [
      {
        id: alertId,
        kind: "bounces",
        figures: { sent: 100, count: 7 },
        sentence: expect.stringMatching(/^7 % of the last day's emails/),
      },
    ],
  });
});
