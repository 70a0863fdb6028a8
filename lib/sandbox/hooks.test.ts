import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "./index";
import { openReceiver, type Receiver, rawCall } from "./raw-client";
import type { World } from "./world";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 5, deliverAfterMs: 10, retryScale: 60_000 });
});
afterAll(() => sandbox.close());
const receivers: Receiver[] = [];
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((r) => r.close()));
});

let worlds = 0;
const newWorld = () => sandbox.world(`hooks-${++worlds}`);
const receiver = async (...args: Parameters<typeof openReceiver>) => {
  const opened = await openReceiver(...args);
  receivers.push(opened);
  return opened;
};
const call = (world: World, path: string, body?: unknown, method?: string) =>
  rawCall(`${world.apiUrl}${path}`, { token: world.serverToken, body, method, timeoutMs: 20_000 });
const letter = { From: "news@example.com", TextBody: "See https://shop.example/sale", TrackOpens: true };
const send = async (world: World, To: string, change: object = {}) => {
  const answer = await call(world, "/email", { ...letter, To, TrackLinks: "TextOnly", ...change });
  return String(Object(answer.json).MessageID);
};
const everyTrigger = Object.fromEntries(
  ["Open", "Click", "Delivery", "Bounce", "SpamComplaint", "SubscriptionChange"].map((t) => [t, { Enabled: true }]),
);

test("a receiver that answers 204 fails registration; unverified it gets nothing; verified it gets events", async () => {
  const world = newWorld();
  const hook = await receiver(204);
  const body = { Url: hook.url, Triggers: everyTrigger };
  const failed = await call(world, "/webhooks", body);
  expect([failed.status, Object(failed.json).ErrorCode]).toEqual([422, 1364]);
  expect(Object(failed.json).Message).toBe("0/6 triggers verified successfully");
  expect((await call(world, "/webhooks")).json).toEqual({ Webhooks: [] });
  expect(hook.received).toHaveLength(6);
  const made = Object((await call(world, "/webhooks", { ...body, Verify: false })).json);
  expect(made.Status).toBe("unverified");
  await send(world, "ana@example.com");
  await world.idle();
  expect(hook.received).toHaveLength(6);
  expect((await call(world, `/webhooks/${made.ID}/verify`, undefined, "POST")).json).toMatchObject({ Success: false });
  hook.answer(200);
  expect((await call(world, `/webhooks/${made.ID}/verify`, undefined, "POST")).json).toMatchObject({ Success: true });
  hook.received.length = 0;
  await send(world, "ana@example.com");
  await world.idle();
  expect(hook.received.map((r) => r.body.RecordType)).toEqual(["Delivery"]);
  expect(world.hooks()).toMatchObject([{ type: "Delivery", state: "delivered", attempts: [{ status: 200 }] }]);
});

test("a receiver that answers 404 is asked once; one that answers 503 nine times more, with one trace id", async () => {
  const world = newWorld();
  const hook = await receiver(404);
  world.registerWebhook({ url: hook.url, triggers: ["Delivery"] });
  await send(world, "ana@example.com");
  await world.idle();
  expect(world.hooks()).toMatchObject([{ state: "failed", attempts: [{ status: 404 }] }]);
  hook.received.length = 0;
  hook.answer(503);
  await send(world, "ana@example.com");
  const minutes = [1, 5, 15, 1, 5, 10, 10, 10, 15].reduce((a, b) => a + b);
  await world.advance((minutes + 1) * 60_000);
  expect(hook.received.map((r) => r.headers["x-pm-retries-remaining"])).toEqual([
    "9",
    "8",
    "7",
    "6",
    "5",
    "4",
    "3",
    "2",
    "1",
    "0",
  ]);
  expect(new Set(hook.received.map((r) => r.headers["x-pm-webhook-trace-id"])).size).toBe(1);
  const [, second] = world.hooks();
  const gaps = second?.attempts.slice(1).map((a, i) => Math.round((a.atMs - (second.attempts[i]?.atMs ?? 0)) / 60_000));
  expect(gaps).toEqual([1, 5, 15, 1, 5, 10, 10, 10, 15]);
  expect(second?.state).toBe("failed");
});

test("every regime knows when to stop", async () => {
  const world = newWorld();
  const hook = await receiver(204);
  world.registerWebhook({ url: hook.url, triggers: ["Delivery"] });
  world.settings({ retryRegime: "legacy" });
  await send(world, "ana@example.com");
  await world.advance(3_600_000);
  expect(hook.received).toHaveLength(4);
  hook.answer(403);
  await send(world, "ana@example.com");
  await world.advance(3_600_000);
  expect(hook.received).toHaveLength(5);
  world.settings({ retryRegime: "2026-six" });
  hook.answer(429);
  await send(world, "ana@example.com");
  await world.advance(3_600_000);
  expect(hook.received).toHaveLength(12);
});

test("credentials come from HttpAuth or the URL's userinfo, which is stripped; custom headers go along", async () => {
  const world = newWorld();
  const hook = await receiver();
  const auth = { Username: "gflux", Password: "s:cret" };
  const HttpHeaders = [{ Name: "X-Hook-Key", Value: "k1" }];
  const Triggers = { Delivery: { Enabled: true } };
  const made = await call(world, "/webhooks", { Url: hook.url, HttpAuth: auth, HttpHeaders, Triggers });
  expect(made.json).toMatchObject({ Status: "verified", HttpAuth: auth });
  world.registerWebhook({ url: hook.url.replace("//", "//u%40x:p%2Fw@"), triggers: ["Delivery"] });
  hook.received.length = 0;
  await send(world, "ana@example.com");
  await world.idle();
  const basic = hook.received.map((r) => Buffer.from(String(r.headers.authorization).slice(6), "base64").toString());
  expect(basic.sort()).toEqual(["gflux:s:cret", "u@x:p/w"]);
  expect(hook.received.filter((r) => r.headers["x-hook-key"] === "k1")).toHaveLength(1);
  expect(hook.received[0]?.headers).toMatchObject({ "user-agent": "Postmark", expect: "100-continue" });
  expect(JSON.stringify(world.hooks())).not.toMatch(/cret|p%2Fw|p\/w/);
});

test("a webhook elsewhere than on loopback is never called", async () => {
  const world = newWorld();
  const body = { Url: "https://hooks.example.com/x", Triggers: { Delivery: { Enabled: true } } };
  const failed = Object((await call(world, "/webhooks", body)).json);
  expect(failed).toMatchObject({
    ErrorCode: 1364,
    Results: [{ StatusCode: 0, Message: expect.stringContaining("loopback") }],
  });
  world.registerWebhook({ url: body.Url });
  await send(world, "ana@example.com");
  await world.advance(10);
  await world.advance(7_200_000);
  expect(world.hooks()[0]).toMatchObject({ state: "failed", attempts: Array(10).fill({ status: null }) });
});

test("each happening reaches the webhooks of its stream with the payload of its kind", async () => {
  const world = newWorld();
  const [hook, other] = [await receiver(), await receiver()];
  world.registerWebhook({ url: hook.url });
  world.registerWebhook({ url: other.url, stream: "broadcast" });
  const id = await send(world, "ana@example.com", { Metadata: { send_id: "s1" }, Tag: "t" });
  await world.idle();
  for (const type of ["open", "open", "click", "click", "bounce", "complaint", "resubscribe"] as const) {
    if (type === "resubscribe") world.act(id, type);
    else world.act(id, type, { recipient: "ANA@example.com" });
    await world.idle();
  }
  const kinds = hook.received.map((r) => r.body.RecordType);
  expect(kinds).toEqual([
    "Delivery",
    "Open",
    "Open",
    "Click",
    "Bounce",
    "SubscriptionChange",
    "SpamComplaint",
    "SubscriptionChange",
    "SubscriptionChange",
  ]);
  expect(hook.received.slice(0, 8).every((r) => Object(r.body.Metadata).send_id === "s1")).toBe(true);
  expect(hook.received.map((r) => r.body.FirstOpen).filter((f) => f !== undefined)).toEqual([true, false]);
  expect(hook.received.at(-1)?.body).toMatchObject({
    SuppressSending: false,
    MessageID: null,
    SuppressionReason: null,
  });
  expect(hook.received[1]?.body).not.toHaveProperty("ServerID");
  expect(other.received).toEqual([]);
});

test("knobs: duplicates keep their trace id, drops never leave, tags and metadata can be missing, ids be huge", async () => {
  const world = newWorld();
  const hook = await receiver();
  world.registerWebhook({ url: hook.url, postFirstOpenOnly: true, includeContent: true });
  world.settings({
    duplicateRate: 1,
    missingTag: true,
    missingMetadata: true,
    largeBounceIds: true,
    shuffleWindowMs: 20,
  });
  const id = await send(world, "ana@example.com", { Tag: "t", Metadata: { a: "b" } });
  world.act(id, "bounce", { bounceType: "SoftBounce" });
  await world.idle();
  expect(new Set(hook.received.map((r) => r.headers["x-pm-webhook-trace-id"])).size).toBe(2);
  expect(hook.received).toHaveLength(4);
  const bounce = hook.received.find((r) => r.body.RecordType === "Bounce")?.body;
  expect(bounce?.ID).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  expect(bounce).toHaveProperty("Content");
  expect(bounce).not.toHaveProperty("Tag");
  expect(bounce).not.toHaveProperty("Metadata");
  world.settings({ duplicateRate: 0, dropRate: 1 });
  world.act(id, "open");
  world.settings({ dropRate: 0 });
  world.act(id, "open");
  await world.idle();
  expect(hook.received).toHaveLength(4);
  expect(world.hooks().filter((h) => h.state === "dropped")).toHaveLength(1);
  expect(world.replayHook(world.hooks()[0]?.eventId ?? "")).toBe(true);
  await world.idle();
  expect(hook.received).toHaveLength(5);
});

test("a type that keeps failing is paused, shows as unverified, and resumes after verification", async () => {
  const world = newWorld();
  const hook = await receiver((event) => (event.body.RecordType === "Open" ? 400 : 200));
  const webhook = world.registerWebhook({ url: hook.url });
  world.settings({ pauseAfterFailures: 2 });
  const id = await send(world, "ana@example.com");
  await world.idle();
  for (let i = 0; i < 3; i++) {
    world.act(id, "open");
    await world.idle();
  }
  expect(
    world
      .hooks()
      .filter((h) => h.type === "Open")
      .map((h) => h.state),
  ).toEqual(["failed", "failed", "held"]);
  const statistics = await call(world, `/webhooks/${webhook}/statistics`);
  expect(statistics.json).toMatchObject({
    Statuses: { Open: "unverified", Delivery: "verified" },
    Metrics: { FailureCount: 2 },
  });
  hook.answer(200);
  await call(world, `/webhooks/${webhook}/verify`, undefined, "POST");
  world.act(id, "open");
  await world.idle();
  expect(world.hooks().at(-1)?.state).toBe("delivered");
});

test("webhooks are edited by merging, limited to ten a stream, and refused with their codes", async () => {
  const world = newWorld();
  const hook = await receiver();
  const made = Object((await call(world, "/webhooks", { Url: hook.url, Triggers: everyTrigger })).json);
  const edited = await call(world, `/webhooks/${made.ID}`, { Triggers: { Click: { Enabled: false } } }, "PUT");
  expect(edited.json).toMatchObject({ Triggers: { Click: { Enabled: false }, Open: { Enabled: true } } });
  const refused: [object, number][] = [
    [{ Url: "nowhere" }, 1354],
    [{ Url: hook.url, ID: 5 }, 1356],
    [{ Url: hook.url, Status: "verified" }, 1363],
    [{ Url: hook.url, MessageStream: "inbound" }, 1351],
    [{ Url: hook.url, MessageStream: "nope" }, 1226],
    [{ Url: hook.url, HttpHeaders: [{ Value: "x" }] }, 1358],
    [{ Url: hook.url, Triggers: { Open: { Enabled: "yes" } } }, 1361],
  ];
  for (const [body, code] of refused)
    expect((await call(world, "/webhooks", body)).json).toMatchObject({ ErrorCode: code });
  expect((await call(world, `/webhooks/${made.ID}`, { MessageStream: "broadcast" }, "PUT")).json).toMatchObject({
    ErrorCode: 1357,
  });
  for (let i = 0; i < 9; i++) world.registerWebhook({ url: hook.url });
  expect((await call(world, "/webhooks", { Url: hook.url })).json).toMatchObject({ ErrorCode: 1359 });
  expect((await call(world, "/webhooks?messagestream=nope")).json).toMatchObject({ ErrorCode: 1226 });
  expect((await call(world, `/webhooks/${made.ID}`, undefined, "DELETE")).json).toEqual({
    ErrorCode: 0,
    Message: `Webhook ${made.ID} removed.`,
  });
  expect((await call(world, `/webhooks/${made.ID}`)).json).toMatchObject({ ErrorCode: 1352 });
});
