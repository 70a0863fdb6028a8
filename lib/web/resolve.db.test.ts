import { beforeAll, expect, test } from "vitest";
import { POST as resolveMany } from "../../app/v1/projects/[project_id]/sends/resolve/route";
import { POST as resolveOne } from "../../app/v1/sends/[id]/resolve/route";
import { db } from "../db";
import { newSecret } from "../ids";
import { makeApiKey, makeConnection, makeSends, makeWorkspace } from "../testing/factory";
import type { Handler } from "./route";

let workspaceId: string;
let secret: string;
let scoped: string;
beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  secret = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret, name: "Server" });
  scoped = `gflux_secret_live_${newSecret()}`;
  await makeApiKey(db, { workspaceId, secret: scoped, scopes: ["sends:write"], name: "Only writes" });
});

async function ask(handler: Handler, params: Record<string, string>, body: unknown, headers = {}, key = secret) {
  const request = new Request("http://localhost/v1/resolve", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify(body),
  });
  const answer = await handler(request, { params: Promise.resolve(params) });
  return { status: answer.status, body: await answer.json() };
}

async function unknown(count: number) {
  const connectionId = (await makeConnection(db, { workspaceId })).id;
  const made = await makeSends(
    db,
    { workspaceId },
    Array.from({ length: count }, () => ({ connectionId, status: "unknown", unknownSince: new Date() })),
  );
  return made.map(({ id }) => id);
}

test("a key resolves one send: it is shown as it stands then, and whoever comes later reads which key decided", async () => {
  const [id = ""] = await unknown(1);
  const done = await ask(resolveOne, { id }, { as: "skip" }, {}, scoped);
  expect([done.status, done.body]).toEqual([200, expect.objectContaining({ id, status: "skipped" })]);
  const later = await ask(resolveOne, { id }, { as: "sent" });
  expect(later.status).toBe(409);
  expect(later.body).toMatchObject({
    error: "conflict",
    detail: expect.stringMatching(/^Skipped by Only writes on .* UTC\./),
    request_id: expect.any(String),
  });
});

test("a request that is repeated with its idempotency key decides once and gets the same answer", async () => {
  const [id = ""] = await unknown(1);
  const headers = { "x-idempotency-key": "one" };
  const one = await ask(resolveOne, { id }, { as: "sent" }, headers);
  expect(await ask(resolveOne, { id }, { as: "sent" }, headers)).toEqual(one);
  const entries = await db.prisma.auditEntry.findMany({ where: { workspaceId, action: "send.marked_sent" } });
  expect(entries).toMatchObject([{ actorKind: "secret_key", data: { id } }]);
});

test("many are resolved at once, and what could not be is named", async () => {
  const ids = await unknown(3);
  await ask(resolveOne, { id: ids[0] ?? "" }, { as: "sent" });
  const { status, body } = await ask(resolveMany, { project_id: workspaceId }, { ids, as: "skip" });
  expect(status).toBe(200);
  expect(body).toEqual({
    resolved: 2,
    errors: [{ id: ids[0], error: "conflict", detail: expect.stringContaining("Marked as sent by Server") }],
  });
});

test("what makes no sense is refused by name, and what is another's is not found", async () => {
  const [id = ""] = await unknown(1);
  expect(await ask(resolveOne, { id }, { as: "resend" })).toMatchObject({
    status: 400,
    body: { error: "validation_error", fields: { as: [expect.any(String)] } },
  });
  const many = (body: unknown, project_id = workspaceId) => ask(resolveMany, { project_id }, body);
  expect(await many({ ids: [], as: "skip" })).toMatchObject({
    status: 400,
    body: { fields: { ids: [expect.stringContaining("least one")] } },
  });
  expect((await many({ ids: Array.from({ length: 501 }, () => id), as: "skip" })).status).toBe(400);
  expect((await many({ id: [id], as: "skip" })).body.detail).toContain("Did you mean ids?");
  expect((await many({ ids: [id], as: "skip" }, (await makeWorkspace(db)).id)).status).toBe(404);
  expect((await ask(resolveOne, { id: workspaceId }, { as: "skip" })).status).toBe(404);
  expect(await db.prisma.send.findMany({ where: { workspaceId, id } })).toMatchObject([{ status: "unknown" }]);
});

test("who says what they saw decides about that only, and a word that is none is refused", async () => {
  const [id = ""] = await unknown(1);
  const stale = await ask(resolveOne, { id }, { as: "skip", was: "late" });
  expect(stale.status).toBe(409);
  expect(stale.body.detail).toMatch(/^It was late when you looked; meanwhile it left/);
  const many = await ask(resolveMany, { project_id: workspaceId }, { ids: [id], as: "skip", was: "late" });
  expect([many.status, many.body]).toMatchObject([200, { resolved: 0, errors: [{ id, error: "conflict" }] }]);
  for (const wrong of [{ was: "sent" }, { attempts: -1 }, { seen: "unknown" }])
    expect((await ask(resolveOne, { id }, { as: "skip", ...wrong })).status).toBe(400);
  expect((await ask(resolveOne, { id }, { as: "skip", was: "unknown", attempts: 0 })).status).toBe(200);
});
