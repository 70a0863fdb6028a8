import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "./index";
import { rawCall } from "./raw-client";
import type { World } from "./world";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 8, deliverAfterMs: 10, indexLagMs: 0 });
});
afterAll(() => sandbox.close());

const letter = { From: "a@example.com", To: "b@example.com", TextBody: "x" };
const send = (world: World, token = world.serverToken) => rawCall(`${world.apiUrl}/email`, { token, body: letter });
const control = (where: string, call: { method?: string; body?: unknown; rawBody?: string; key?: string } = {}) => {
  const headers = { Authorization: `Bearer ${call.key ?? sandbox.controlKey}` };
  return rawCall(`${sandbox.url}${where}`, { ...call, headers });
};

test("worlds do not see each other, and a token is good in its own world only", async () => {
  const [one, two] = [sandbox.world("one"), sandbox.world("two")];
  expect(one.serverToken).not.toBe(two.serverToken);
  expect((await send(one)).status).toBe(200);
  expect((await send(one, two.serverToken)).status).toBe(401);
  expect([one.outbox().length, two.outbox().length, sandbox.world().outbox().length]).toEqual([1, 0, 0]);
  expect(sandbox.world("one")).toBe(one);
});

test("the default world is at the root, and an unknown one answers 404 until the control plane makes it", async () => {
  const root = await rawCall(`${sandbox.url}/server`, { token: sandbox.serverToken });
  expect(root.json).toMatchObject({ ID: sandbox.world().server.id, ApiTokens: [sandbox.serverToken] });
  expect((await rawCall(`${sandbox.url}/t/fresh/server`, { token: "x" })).status).toBe(404);
  const made = Object((await control("/t/fresh/__emu/world")).json);
  expect((await rawCall(`${sandbox.url}/t/fresh/server`, { token: made.serverToken })).status).toBe(200);
  expect((await control("/__emu/worlds/fresh", { method: "DELETE" })).json).toEqual({ ok: true });
  expect((await rawCall(`${sandbox.url}/t/fresh/server`, { token: made.serverToken })).status).toBe(404);
});

test("a seed makes tokens, server and message ids repeatable", async () => {
  const again = await startSandbox({ seed: 8 });
  const names = (s: Sandbox) => [s.serverToken, s.accountToken, s.world("r").serverToken, s.world("r").server.id];
  expect(names(again)).toEqual(names(sandbox));
  const ids = [await send(again.world("r")), await send(sandbox.world("r"))].map((a) => Object(a.json).MessageID);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  await again.close();
});

test("tokens can be added and revoked while the server runs", async () => {
  const world = sandbox.world("rotation");
  const old = world.serverToken;
  const next = world.addServerToken();
  expect([(await send(world, old)).status, (await send(world, next)).status]).toEqual([200, 200]);
  world.revokeToken(old);
  expect([(await send(world, old)).status, (await send(world, next)).status]).toEqual([401, 200]);
  expect(world.serverToken).toBe(next);
});

test("the account token opens its own endpoints only, and a server token does not", async () => {
  const world = sandbox.world("account");
  const url = `${world.apiUrl}/servers?count=10&offset=0`;
  const list = await rawCall(url, { accountToken: world.accountToken });
  expect(list.json).toMatchObject({ TotalCount: 1, Servers: [{ ID: world.server.id }] });
  expect((await rawCall(url, { accountToken: world.serverToken })).json).toMatchObject({ ErrorCode: 10 });
  expect((await rawCall(`${world.apiUrl}/server`, { token: world.accountToken })).json).toMatchObject({
    ErrorCode: 10,
  });
});

test("a second server of the account is reached under the same address by its own token", async () => {
  const world = sandbox.world("pair");
  const second = world.addServer("Second");
  const answer = await rawCall(`${world.apiUrl}/email`, { token: second.serverToken, body: letter });
  expect(answer.status).toBe(200);
  expect([world.outbox().length, second.outbox().length]).toEqual([0, 1]);
  const list = await rawCall(`${world.apiUrl}/servers?count=5&offset=0`, { accountToken: world.accountToken });
  expect(list.json).toMatchObject({ TotalCount: 2, Servers: [{}, { Name: "Second" }] });
});

test("the request log masks tokens and tells codes and items", async () => {
  const world = sandbox.world("log");
  await send(world, "00000000-secret-token-abcd");
  const token = world.serverToken;
  await rawCall(`${world.apiUrl}/email/batch?x=1`, { token, body: [letter, letter] });
  expect(world.requests()).toMatchObject([
    { path: "/email", status: 401, errorCode: 10, token: "…abcd", items: null },
    { path: "/email/batch", query: "x=1", status: 200, errorCode: null, items: 2 },
  ]);
  expect(JSON.stringify(world.requests())).not.toContain(token);
});

test("the control plane needs its key, never a Postmark token, and does what the handle does", async () => {
  for (const key of ["", "wrong", sandbox.serverToken])
    expect((await control("/__emu/world", { key })).status).toBe(401);
  const world = sandbox.world("control");
  const at = `/t/control/__emu`;
  expect((await control(`${at}/settings`, { body: { indexLagMs: 5 } })).json).toMatchObject({ indexLagMs: 5 });
  expect((await control(`${at}/settings`, { body: { indexLag: 5 } })).status).toBe(400);
  expect((await control(`${at}/settings`, { method: "POST", rawBody: "{" })).status).toBe(400);
  const [fault] = Object((await control(`${at}/faults`, { body: { action: "emptyOk", count: 1 } })).json);
  const id = Object((await send(world)).json).MessageID;
  expect(id).toBeUndefined();
  expect((await control(`${at}/faults`)).json).toMatchObject([{ id: fault.id, fired: 1, action: "emptyOk" }]);
  await control(`${at}/faults`, { method: "DELETE" });
  const outbox = Object((await control(`${at}/outbox`)).json);
  expect(outbox).toHaveLength(1);
  const message = `${at}/messages/${outbox[0].id}/events`;
  expect((await control(message, { body: { type: "bounce" } })).json).toMatchObject({ status: "bounced" });
  expect((await control(message, { body: { type: "click" } })).status).toBe(409);
  expect((await control(message, { body: { type: "explode" } })).status).toBe(400);
  expect((await control(`${at}/outbox/${outbox[0].id}`)).json).toMatchObject({ stored: { text: "x" } });
  expect((await control(`${at}/suppressions/outbound`)).json).toMatchObject([{ email: "b@example.com" }]);
  const { token } = Object((await control(`${at}/tokens`, { body: {} })).json);
  expect((await control(`${at}/tokens/revoke`, { body: { token } })).json).toEqual({ ok: true });
  await control(`${at}/streams`, { body: { id: "news" } });
  await control(`${at}/suppressions`, { body: { stream: "news", email: "x@example.com" } });
  expect(world.suppressions("news")).toHaveLength(1);
  expect((await control(`${at}/webhooks`, { body: { url: "http://127.0.0.1:1/" } })).json).toHaveProperty("id");
  expect((await control(`${at}/clock`, { body: { advanceMs: 1000 } })).json).toEqual({ ok: true });
  expect((await control(`${at}/requests`)).json).toHaveLength(1);
  expect((await control(`${at}/hooks`)).json).toEqual([]);
  expect((await control("/__emu/worlds")).json).toContainEqual(expect.objectContaining({ name: "control" }));
  expect((await control(`${at}/nothing`)).status).toBe(404);
});

test("it listens on 127.0.0.1 alone and turns away a name that is not loopback's", async () => {
  const others = Object.values(os.networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((i) => !i.internal);
  for (const { address, family } of others) {
    const host = family === "IPv6" ? `[${address}]` : address;
    await expect(rawCall(`http://${host}:${sandbox.port}/server`, { timeoutMs: 1000 })).rejects.toThrow();
  }
  const answer = await rawCall(`${sandbox.url}/outbox`, { headers: { Host: "evil.example" } });
  expect(answer.status).toBe(403);
});

test("a taken port refuses to start", async () => {
  await expect(startSandbox({ port: sandbox.port })).rejects.toThrow("EADDRINUSE");
});

test("answers are compressed when asked for", async () => {
  const world = sandbox.world("gzip");
  for (const id of ["one", "two", "three"]) world.addStream({ id });
  const headers = { "Accept-Encoding": "gzip" };
  const answer = await rawCall(`${world.apiUrl}/message-streams`, { token: world.serverToken, headers });
  expect(answer.headers["content-encoding"]).toBe("gzip");
  const plain = await fetch(`${world.apiUrl}/message-streams`, {
    headers: { "X-Postmark-Server-Token": world.serverToken },
  });
  expect(await plain.json()).toMatchObject({ TotalCount: 6 });
});

test("connections are kept alive", async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const world = sandbox.world("alive");
  const sockets = new Set<unknown>();
  agent.on("free", (socket) => sockets.add(socket));
  for (let i = 0; i < 3; i++) await rawCall(`${world.apiUrl}/server`, { token: world.serverToken, agent });
  expect(sockets.size).toBe(1);
  agent.destroy();
});

test("a snapshot brings everything back: tokens, mail, suppressions, bounces, webhooks, siblings, and new ids", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sandbox-"));
  const snapshotFile = path.join(folder, "nested", "snapshot.json");
  const options = { seed: 9, deliverAfterMs: 10, indexLagMs: 0, snapshotFile };
  const before = await startSandbox(options);
  const world = before.world("kept");
  world.settings({ largeBounceIds: true });
  world.registerWebhook({ url: "http://127.0.0.1:1/", triggers: ["Click"] });
  const second = world.addServer("Second");
  const id = Object((await send(world)).json).MessageID;
  await world.idle();
  world.act(id, "bounce");
  const told = [world.outbox(), world.suppressions("outbound"), world.settings(), world.serverToken, world.server];
  await before.close();
  expect(statSync(snapshotFile).mode & 0o077).toBe(0);
  expect(JSON.parse(readFileSync(snapshotFile, "utf8")).worlds).toHaveLength(3);

  const after = await startSandbox(options);
  const back = after.world("kept");
  expect([back.outbox(), back.suppressions("outbound"), back.settings(), back.serverToken, back.server]).toEqual(told);
  expect(after.serverToken).toBe(before.serverToken);
  const bounces = await rawCall(`${back.apiUrl}/bounces?count=1&offset=0`, { token: back.serverToken });
  expect(bounces.text).toContain("4323372036854775806");
  const bySecond = await rawCall(`${back.apiUrl}/email`, { token: second.serverToken, body: letter });
  expect(bySecond.status).toBe(200);
  const again = await rawCall(`${back.apiUrl}/email`, {
    token: back.serverToken,
    body: { ...letter, To: "c@example.com" },
  });
  expect(Object(again.json).MessageID).not.toBe(id);
  await after.close();
  rmSync(folder, { recursive: true });
});
