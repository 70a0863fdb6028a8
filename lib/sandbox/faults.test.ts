import http from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FaultRule } from "./fault-rule";
import { type Sandbox, startSandbox } from "./index";
import { type RawCall, rawCall } from "./raw-client";
import type { World } from "./world";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 6, deliverAfterMs: 10, indexLagMs: 0 });
});
afterAll(() => sandbox.close());

let worlds = 0;
const newWorld = () => sandbox.world(`faults-${++worlds}`);
const letter = { From: "a@example.com", To: "b@example.com", TextBody: "x", Metadata: { send_id: "s1" } };
const send = (world: World, more?: RawCall) =>
  rawCall(`${world.apiUrl}/email`, { token: world.serverToken, body: letter, ...more });
const failure = (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error) => error.code as string,
  );
const found = async (world: World, query = "&metadata_send_id=s1") => {
  const url = `${world.apiUrl}/messages/outbound?count=50&offset=0${query}`;
  return Object((await rawCall(url, { token: world.serverToken })).json).TotalCount;
};
/** A world with one rule; `done` checks that the rule acted once. */
const under = (rule: FaultRule) => {
  const world = newWorld();
  const fault = world.addFault(rule);
  return { world, fault };
};

test("latency: the call is carried out before the wait, or after it", async () => {
  const before = under({ action: "latency", ms: 60_000 });
  const first = send(before.world);
  await expect.poll(() => before.world.outbox().length).toBe(1);
  await before.world.advance(60_000);
  expect((await first).status).toBe(200);
  const after = under({ action: "latency", minMs: 50_000, maxMs: 60_000, applyBefore: false });
  const second = send(after.world);
  await expect.poll(() => after.fault.fired()).toBe(1);
  expect(after.world.outbox()).toHaveLength(0);
  await after.world.advance(60_000);
  expect((await second).status).toBe(200);
  expect(after.world.outbox()).toHaveLength(1);
});

test("status: presets and made-up answers, and nothing is accepted unless asked for", async () => {
  const presets: [FaultRule["preset"], number, string][] = [
    ["429", 429, '"ErrorCode":429'],
    ["500-101", 500, '"ErrorCode":101'],
    ["503-100", 503, '"ErrorCode":100'],
    ["502-html", 502, "<html>"],
    ["415", 415, ""],
  ];
  for (const [preset, status, text] of presets) {
    const { world, fault } = under({ action: "status", preset, retryAfterSeconds: 7 });
    const answer = await send(world);
    expect([answer.status, answer.headers["retry-after"]]).toEqual([status, "7"]);
    expect(answer.text).toContain(text);
    expect([world.outbox().length, fault.fired()]).toEqual([0, 1]);
  }
  const html = under({ action: "status", status: 504, bodyKind: "html", applyBefore: true });
  expect((await send(html.world)).headers["content-type"]).toContain("text/html");
  expect(html.world.outbox()).toHaveLength(1);
  const json = under({ action: "status", status: 422, json: { ErrorCode: 9 } });
  expect((await send(json.world)).json).toEqual({ ErrorCode: 9 });
});

test("resetBeforeAccept: the caller sees a reset and nothing is stored", async () => {
  const { world, fault } = under({ action: "resetBeforeAccept" });
  expect(await failure(send(world))).toBe("ECONNRESET");
  expect([world.outbox().length, fault.fired()]).toEqual([0, 1]);
});

test("resetAfterAccept: the caller sees a reset, and search finds the message with its metadata", async () => {
  const { world, fault } = under({ action: "resetAfterAccept" });
  expect(await failure(send(world))).toBe("ECONNRESET");
  expect([await found(world), fault.fired()]).toEqual([1, 1]);
  expect(world.outbox()[0]?.metadata).toEqual({ send_id: "s1" });
  expect(world.requests()[0]).toMatchObject({ path: "/email", status: null, fault: "resetAfterAccept" });
});

test("hangAfterAccept: no answer ever, and the message is stored", async () => {
  const { world } = under({ action: "hangAfterAccept" });
  expect(await failure(send(world, { timeoutMs: 300 }))).toBe("ETIMEDOUT");
  await expect.poll(() => world.outbox().length).toBe(1);
});

test("slowBody: headers at once, the body too slowly, or never to its end", async () => {
  const slow = under({ action: "slowBody", bytesPerSecond: 20 });
  expect(await failure(send(slow.world, { timeoutMs: 300 }))).toBe("ETIMEDOUT");
  const stops = under({ action: "slowBody", bytesPerSecond: 10_000, stopAfterBytes: 10 });
  expect(await failure(send(stops.world, { timeoutMs: 300 }))).toBe("ETIMEDOUT");
  const fast = under({ action: "slowBody", bytesPerSecond: 100_000 });
  expect((await send(fast.world)).json).toMatchObject({ ErrorCode: 0 });
  for (const { world } of [slow, stops, fast]) await expect.poll(() => world.outbox().length).toBe(1);
});

test("truncatedBody: a clean end in the middle of the JSON", async () => {
  const { world } = under({ action: "truncatedBody" });
  const answer = await send(world);
  expect([answer.status, answer.json]).toEqual([200, undefined]);
  expect(answer.text).toMatch(/^\{"To"/);
  expect(world.outbox()).toHaveLength(1);
});

test("resetInBody: headers, half a body, a reset", async () => {
  const { world } = under({ action: "resetInBody" });
  expect(await failure(send(world))).toBe("ECONNRESET");
  expect(world.outbox()).toHaveLength(1);
});

test("closeIdle: a good answer, and the connection is gone right after it", async () => {
  const { world } = under({ action: "closeIdle" });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const closed = new Promise((resolve) => {
    agent.once("free", (socket) => socket.once("close", resolve));
  });
  const answer = await send(world, { agent });
  expect([answer.status, answer.headers.connection]).toEqual([200, "keep-alive"]);
  await closed;
  agent.destroy();
});

test("delayedAccept: 200 without ErrorCode", async () => {
  const { world } = under({ action: "delayedAccept" });
  const { json } = await send(world);
  expect(json).toMatchObject({ Message: "Message accepted, but delivery may be delayed." });
  expect(json).not.toHaveProperty("ErrorCode");
  expect(Object(json).MessageID).toBe(world.outbox()[0]?.id);
});

test("emptyOk: 200 with an empty body for a message that was accepted", async () => {
  const { world } = under({ action: "emptyOk" });
  const answer = await send(world);
  expect([answer.status, answer.text, world.outbox().length]).toEqual([200, "", 1]);
});

test("partialBatch: the first items are accepted, then a reset", async () => {
  const { world } = under({ action: "partialBatch", items: 2 });
  const body = ["x", "y", "z"].map((To) => ({ ...letter, To: `${To}@example.com` }));
  const call = rawCall(`${world.apiUrl}/email/batch`, { token: world.serverToken, body });
  expect(await failure(call)).toBe("ECONNRESET");
  expect(world.outbox().map((m) => m.to)).toEqual(["x@example.com", "y@example.com"]);
});

test("indexLag and neverIndexed: the items that match are hidden from search, the others are not", async () => {
  const late = under({ action: "indexLag", ms: 60_000 });
  await send(late.world);
  expect(await found(late.world)).toBe(0);
  await late.world.advance(60_000);
  expect(await found(late.world)).toBe(1);
  const never = under({ action: "neverIndexed", recipient: "lost@*" });
  const body = [letter, { ...letter, To: "lost@example.com" }];
  await rawCall(`${never.world.apiUrl}/email/batch`, { token: never.world.serverToken, body });
  await never.world.advance(86_400_000);
  expect([await found(never.world), never.world.outbox().length, never.fault.fired()]).toEqual([1, 2, 1]);
});

test("pauseStream and pauseAccount: accepted, held and hidden until the rule is gone", async () => {
  for (const action of ["pauseStream", "pauseAccount"] as const) {
    const { world, fault } = under({ action, stream: "outbound" });
    expect((await send(world)).json).toMatchObject({ ErrorCode: 0 });
    expect([await found(world), world.outbox()[0]?.status]).toEqual([0, "held"]);
    fault.remove();
    await world.idle();
    expect([await found(world), world.outbox()[0]?.status]).toEqual([1, "delivered"]);
  }
});

test("redirect: the caller is sent elsewhere and nothing is stored", async () => {
  const { world } = under({ action: "redirect", status: 302, location: "/server" });
  const answer = await send(world);
  expect([answer.status, answer.headers.location, world.outbox().length]).toEqual([302, "/server", 0]);
});

test("redirect to nowhere in particular: who follows is carried out, and told of", async () => {
  const { world, fault } = under({ action: "redirect", status: 307, count: 1 });
  const { headers } = await send(world);
  expect([fault.followed(), world.outbox().length]).toEqual([0, 0]);
  const answer = await rawCall(String(headers.location), { token: world.serverToken, body: letter });
  expect([answer.status, fault.followed(), world.outbox().length]).toEqual([200, 1, 1]);
});

test("fewerAnswers: all is accepted, and the list of answers lacks its first ones", async () => {
  const { world } = under({ action: "fewerAnswers", items: 2 });
  const body = ["x", "y", "z"].map((To) => ({ ...letter, To: `${To}@example.com` }));
  const answer = await rawCall(`${world.apiUrl}/email/batch`, { token: world.serverToken, body });
  expect(world.outbox()).toHaveLength(3);
  expect(answer.json).toMatchObject([{ To: "z@example.com" }]);
});

test("matchers: method, path, token, stream, recipient, metadata; the first willing rule acts", async () => {
  const world = newWorld();
  const other = world.addServerToken();
  const status = (code: number, rule: Partial<FaultRule>) =>
    world.addFault({ action: "status", status: code, ...rule });
  const rules = [
    status(501, { path: "/STATS/*" }),
    status(502, { method: "put" }),
    status(503, { token: other }),
    status(504, { stream: "broadcast" }),
    status(505, { recipient: "*@lost.example" }),
    status(506, { metadata: { key: "send_id", value: "x*" } }),
  ];
  const call = (path: string, more: RawCall) =>
    rawCall(`${world.apiUrl}${path}`, { token: world.serverToken, ...more }).then((a) => a.status);
  expect(await call("/stats/outbound", {})).toBe(501);
  expect(await call("/server", { method: "PUT", body: {} })).toBe(502);
  expect(await call("/server", { token: other })).toBe(503);
  expect(await call("/email", { body: { ...letter, MessageStream: "broadcast" } })).toBe(504);
  expect(await call("/messages/outbound?messagestream=broadcast&count=1&offset=0", {})).toBe(504);
  expect(await call("/email", { body: { ...letter, Cc: "x@lost.example" } })).toBe(505);
  expect(await call("/email", { body: { ...letter, Metadata: { send_id: "x1" } } })).toBe(506);
  expect(await call("/email", { body: letter })).toBe(200);
  expect(rules.map((r) => r.fired())).toEqual([1, 1, 1, 2, 1, 1]);
});

test("nth, count, time window and seeded probability limit a rule, and it tells how often it matched and fired", async () => {
  const world = newWorld();
  const statuses = async (calls: number) => {
    const seen = [];
    for (let i = 0; i < calls; i++) seen.push((await send(world)).status);
    return seen;
  };
  const nth = world.addFault({ action: "status", status: 500, nth: 2 });
  expect(await statuses(3)).toEqual([200, 500, 200]);
  expect([nth.matched(), nth.fired()]).toEqual([3, 1]);
  world.clearFaults();
  world.addFault({ action: "status", status: 500, count: 2 });
  expect(await statuses(3)).toEqual([500, 500, 200]);
  world.clearFaults();
  world.addFault({ action: "status", status: 500, afterMs: 60_000, untilMs: 120_000 });
  expect(await statuses(1)).toEqual([200]);
  await world.advance(90_000);
  expect(await statuses(1)).toEqual([500]);
  await world.advance(90_000);
  expect(await statuses(1)).toEqual([200]);
  world.clearFaults();
  const half = world.addFault({ action: "status", status: 500, probability: 0.5 });
  await statuses(40);
  expect(half.fired()).toBeGreaterThan(8);
  expect(half.fired()).toBeLessThan(32);
});
