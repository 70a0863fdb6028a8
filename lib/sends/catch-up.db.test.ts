import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Actor, type Permission, permissions } from "../actor";
import { db } from "../db";
import { forgetEnv } from "../env";
import { type Sandbox, startSandbox } from "../sandbox";
import { callsPerHourMax, catchUpNews, catchUpSafely, ordinaryMeans } from "./catch-up";
import { newsFeedOf, syncNews } from "./news-feed";
import { claimCatchUp, endCatchUp, type NewsLane } from "./store-catch-up";
import { makeNewsPlace, type NewsPlace, type Reaction } from "./testing/news-place";

let sandbox: Sandbox;
const open: NewsPlace[] = [];
beforeAll(async () => {
  sandbox = await startSandbox({ indexLagMs: 0, seed: 3 });
});
afterEach(async () => {
  for (const place of open.splice(0)) await place.close();
  await db.sql("update catch_ups set due_at = 'infinity'");
});
afterAll(async () => {
  await sandbox.close();
  delete process.env.POSTMARK_API_URL;
  forgetEnv();
});

async function newPlace(settings: Parameters<NewsPlace["server"]["settings"]>[0] = {}) {
  const place = await makeNewsPlace(sandbox);
  place.server.settings({ detailsLagMs: 0, retryScale: 0, expectContinue: false, ...settings });
  open.push(place);
  return place;
}
const catchUp = (over: Partial<Parameters<typeof catchUpNews>[0]> = {}) => catchUpNews({ withinMs: 20_000, ...over });
const lost = { dropRate: 1 };

/** What happens to one message each. */
const lives: Reaction[][] = [
  ["deliver"],
  ["deliver", "open"],
  ["deliver", "open", "click", "click b", "click"],
  ["hard"],
  ["soft"],
  ["transient", "deliver"],
  ["deliver", "open", "complaint"],
  ["deliver", "unsubscribe"],
  [],
];
async function live(place: NewsPlace, histories: Reaction[][] = lives) {
  const ids = await place.send(histories.length);
  for (const [index, id] of ids.entries()) for (const reaction of histories[index] ?? []) place.happen(id, reaction);
  await place.server.idle();
  return ids;
}
type Picture = Awaited<ReturnType<NewsPlace["picture"]>>;
/** The provider's history has no line for the suppression that follows a bounce or complaint; its suppression list has. */
const untold = (picture: Picture) =>
  picture.map((send) => ({ ...send, events: send.events.filter((kind) => kind !== "suppressed") }));

test("with every webhook lost, sends, counts and timelines come to what webhooks would have made of them", async () => {
  const [told, asked] = [await newPlace(), await newPlace({ ...lost, largeBounceIds: true })];
  await live(told);
  await live(asked);

  expect((await asked.picture()).every(({ status }) => status === "sent")).toBe(true);
  await asked.age(2);
  await catchUp();

  await asked.age(24 * 60);
  await catchUp();
  const [wanted, got] = [untold(await told.picture()), await asked.picture()];
  // Not the same moments: the messages left one after the other.
  const timeless = (picture: Picture) => picture.map(({ times, ...send }) => ({ ...send, times: times.map(Boolean) }));
  expect(timeless(got)).toEqual(timeless(wanted));
  const suppressed = (place: NewsPlace) =>
    db.prisma.suppression.findMany({
      where: { workspaceId: place.workspaceId, scope: "workspace" },
      select: { email: true, reason: true },
      orderBy: { email: "asc" },
    });
  expect(await suppressed(asked)).toEqual(await suppressed(told));
});

test("half of the webhooks lost, others twice or late, and askings in between: each thing is told and counted once", async () => {
  const place = await newPlace({ dropRate: 0.5, duplicateRate: 0.5, shuffleWindowMs: 400 });
  const ids = await place.send(lives.length);
  const happening = (async () => {
    for (const [index, id] of ids.entries()) for (const reaction of lives[index] ?? []) place.happen(id, reaction);
    await place.server.idle();
  })();
  await place.age(11);
  await Promise.all([happening, catchUp(), catchUp()]);
  await place.age(60);
  await Promise.all([catchUp(), catchUp()]);
  const sure = (await place.picture()).map(({ status, opens, clicks, events }) => ({
    status,
    opens,
    clicks,
    // What only a webhook tells, or only a look of later days, may be among it.
    events: events.filter((kind) => !["suppressed", "unsubscribed"].includes(kind)),
  }));
  const delivered = { status: "delivered", opens: 0, clicks: 0, events: ["delivered"] };
  expect(sure.map((send) => ({ ...send, events: [...new Set(send.events)] }))).toEqual([
    delivered,
    { ...delivered, opens: 1, events: ["delivered", "opened"] },
    { ...delivered, opens: 1, clicks: 2, events: ["clicked", "delivered", "opened"] },
    { ...delivered, status: "bounced", events: ["bounced"] },
    { ...delivered, status: "bounced", events: ["bounced"] },
    { ...delivered, events: ["delivered", "transient"] },
    { ...delivered, status: "complained", opens: 1, events: sure[6]?.events },
    delivered,
    { ...delivered, status: "sent", events: [] },
  ]);
  expect(sure.map(({ events }) => events.length)).toEqual([1, 2, 4, 1, 1, 2, sure[6]?.events.length, 1, 0]);
});

test("while webhooks arrive only sends without news are asked for", async () => {
  const place = await newPlace();
  await live(place, [["deliver"], ["deliver", "open"], ["hard"], []]);
  await place.age(11);
  await catchUp();
  const lists = 3;
  // The one without news at each of its ages; those that arrived at none, also days later.
  expect(place.asked()).toBe(lists + 1);
  await place.age(12);
  await catchUp();
  expect(place.asked()).toBe(lists + 1);
  await place.age(25 * 60);
  await catchUp();
  expect(place.asked()).toBe(2 * (lists + 1));
});

test("killed in the middle, another process goes on from there once the lease has lapsed, and no call is made twice for nothing", async () => {
  const place = await newPlace(lost);
  await live(
    place,
    Array.from({ length: 45 }, (): Reaction[] => ["deliver", "open"]),
  );
  await place.age(2);
  let saves = 0;
  const dies = (name: string) => {
    saves += name === "save" ? 1 : 0;
    if (saves >= 2) throw new Error("the plug is pulled");
  };
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await catchUp({ step: dies });
  expect(told).toHaveBeenCalled();
  const before = place.asked();
  await catchUp();
  expect(place.asked()).toBe(before);
  await db.sql("update catch_ups set due_at = clock_timestamp() where workspace_id = $1", [place.workspaceId]);
  await catchUp();
  // 45 deliveries by one call each, of which the twenty that were not saved when it died were asked for again.
  expect(place.asked() - before).toBeLessThanOrEqual(25 + 1);
  const sends = await place.picture();
  expect(new Set(sends.map((send) => JSON.stringify({ ...send, times: 0 })))).toEqual(
    new Set([JSON.stringify({ status: "delivered", opens: 1, clicks: 0, times: 0, events: ["delivered", "opened"] })]),
  );
});

test("a connection's calls stay within its budget for the hour, over all its streams and processes", async () => {
  const place = await newPlace(lost);
  const ids = [...(await place.send(8)), ...(await place.send(8, "outbound"))];
  for (const id of ids) place.happen(id, "deliver");
  const budget = { callsPerHour: 10 };
  await place.age(2);
  for (let pass = 0; pass < 4; pass += 1) {
    await place.age(1);
    await Promise.all([catchUp(budget), catchUp(budget), catchUp(budget)]);
  }
  expect(place.asked()).toBe(10);
  const delivered = async () => (await place.picture()).filter(({ status }) => status === "delivered").length;
  expect(await delivered()).toBeLessThan(16);
  // One after the other: of two that come at once, the same one may take all calls each time.
  for (let hours = 0; hours < 3; hours += 1) {
    await db.sql("delete from catch_up_hours where workspace_id = $1", [place.workspaceId]);
    await place.age(1);
    for (const lane of place.lanes) await catchUpSafely(lane, { ...ordinaryMeans, ...budget });
    expect(place.asked()).toBeLessThanOrEqual(10 * (hours + 2));
  }
  expect(await delivered()).toBe(16);
});

test("a lane is one process's until it is given back or its lease lapses, though there are calls left", async () => {
  const place = await newPlace(lost);
  const [lane] = place.lanes;
  const claim = () =>
    claimCatchUp(db, place.tenant, lane, { leaseMs: 60_000, callsPerPass: 10, callsPerHour: callsPerHourMax });
  const claims = await Promise.all([claim(), claim(), claim()]);
  expect(claims.filter((one) => one !== null)).toHaveLength(1);
  await place.age(0); // lapses
  expect(await claim()).toMatchObject({ calls: 10 });
});

test("a lane that finds all calls with another one asks again soon, and with the next hour when they are used up", async () => {
  const place = await newPlace(lost);
  const [one, other] = place.lanes;
  const claim = (lane: NewsLane) =>
    claimCatchUp(db, place.tenant, lane, { leaseMs: 60_000, callsPerPass: 60, callsPerHour: 10 });
  const dueMs = async ({ stream }: NewsLane) => {
    const where = { workspaceId: place.workspaceId, messageStream: stream };
    return (await db.prisma.catchUp.findFirstOrThrow({ where })).dueAt.getTime();
  };
  const held = await claim(one);
  expect(held).toMatchObject({ calls: 10 });
  expect(await claim(other)).toBeNull();
  expect(await dueMs(other)).toBeLessThan(Date.now() + 30_000);

  const end = { done: true, dueInMs: 60_000, failures: 0, error: null };
  if (held) await endCatchUp(db, place.tenant, one, held, { ...end, callsLeft: 4 });
  await place.age(0);
  const rest = await claim(other);
  expect(rest).toMatchObject({ calls: 4 });
  if (rest) await endCatchUp(db, place.tenant, other, rest, { ...end, callsLeft: 0 });
  await place.age(0);
  expect(await claim(one)).toBeNull();
  const dueAtMs = await dueMs(one);
  expect([dueAtMs > Date.now(), dueAtMs % 3_600_000]).toEqual([true, 0]);
});

test("a provider that asks for a pause gets one, and it shows; afterwards all is caught up", async () => {
  const place = await newPlace(lost);
  await live(place, [["deliver"]]);
  const fault = place.server.addFault({ action: "status", preset: "429", retryAfterSeconds: 120 });
  await place.age(2);
  await catchUp();
  const row = () => db.prisma.catchUp.findFirstOrThrow({ where: { workspaceId: place.workspaceId } });
  const { dueAt, lastError, failures } = await row();
  expect({ lastError, failures, calls: place.asked() }).toEqual({
    lastError: "The provider asked for a pause between calls; it is asked again later.",
    failures: 1,
    calls: 1,
  });
  expect(dueAt.getTime()).toBeGreaterThan(Date.now() + 100_000);
  fault.remove();
  await place.age(1);
  await catchUp();
  expect(await row()).toMatchObject({ lastError: null, failures: 0 });
  expect((await place.picture()).map(({ status }) => status)).toEqual(["delivered"]);
  // Each call is in the figures of calls to providers.
  const [counted] = await db.sql(
    `select sum(calls)::int as calls, sum(calls) filter (where code = 429 and outcome = 'cannot_know')::int as refused,
       sum(ms_total) > 0 as took from provider_calls where workspace_id = $1 and call = 'history'`,
    [place.workspaceId],
  );
  expect(counted).toEqual({ calls: place.asked(), refused: 1, took: true });
});

test("what one workspace is told changes nothing in another", async () => {
  const [place, other] = [await newPlace(lost), await newPlace(lost)];
  const [id] = await live(place, [["deliver", "open"]]);
  await other.send(1);
  await db.sql("update sends set provider_message_id = $2 where workspace_id = $1", [other.workspaceId, id]);
  await place.age(2);
  await other.age(2);
  await catchUp();
  expect((await place.picture()).map(({ status }) => status)).toEqual(["delivered"]);
  expect((await other.picture()).map(({ status, events }) => [status, events])).toEqual([["sent", []]]);
});

test("a person sees which of webhooks and asking brings the news, and can have all asked for at once", async () => {
  const [place, other] = [await newPlace(lost), await newPlace()];
  const actorIn = (workspaceId: string, allowed: readonly Permission[] = permissions): Actor => {
    return { kind: "user", id: "test", workspaceId, permissions: new Set(allowed) };
  };
  const actor = actorIn(place.workspaceId);
  const id = place.connectionId;
  const nothing = { source: "none", last_webhook_at: null, last_sync_at: null, next_sync_at: null, filled_24h: 0 };
  expect(await newsFeedOf(actor, { id })).toMatchObject({ ...nothing, syncing: false, last_error: null });
  await live(place, [["deliver", "open"], ["hard"], []]);
  const synced = await syncNews(actor, { id });
  expect(synced).toMatchObject({ source: "sync", filled: 3, filled_24h: 3, syncing: false, last_error: null });
  expect(synced.calls).toMatchObject({ used: place.asked(), budget: 600 });
  expect((await place.picture()).map(({ status }) => status)).toEqual(["delivered", "bounced", "sent"]);
  expect(await syncNews(actor, { id })).toMatchObject({ filled: 0, filled_24h: 3 });

  await live(other, [["deliver"]]);
  const theirs = { id: other.connectionId };
  expect(await newsFeedOf(actorIn(other.workspaceId), theirs)).toMatchObject({ source: "webhooks", filled_24h: 0 });
  await expect(newsFeedOf(actor, theirs)).rejects.toMatchObject({ code: "not_found" });
  await expect(syncNews(actor, theirs)).rejects.toMatchObject({ code: "not_found" });
  const reader = actorIn(place.workspaceId, ["connections:read"]);
  await expect(syncNews(reader, { id })).rejects.toMatchObject({ code: "forbidden" });
});
