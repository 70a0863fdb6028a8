import { afterEach, describe, expect, test } from "vitest";
import { type Actor, permissions } from "../actor";
import { changeConnection, connectionHealth, getConnection } from "../connections";
import type { ChangeConnectionInput } from "../connections/schema";
import { db } from "../db";
import { listSends } from "../sends";
import { emailStep, makeSuppressions } from "../testing/factory";
import { acceptThenReset, type FakeAnswer } from "../testing/fake-connector";
import { claimBatch } from "./store-sends";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;
const owner = ({ workspaceId }: World): Actor => ({
  kind: "user",
  id: "test",
  workspaceId,
  permissions: new Set(permissions),
  role: "owner",
});
const change = (world: World, what: Partial<ChangeConnectionInput>) =>
  changeConnection(owner(world), { id: world.connection.id, ...what });
const shown = async (world: World) => getConnection(owner(world), { id: world.connection.id });
const times = { serverId: "1", startWithinMs: 15_000, leaseMs: 60_000 };
const laneOf = ({ workspaceId, connection }: World, stream = "broadcast") => ({
  workspaceId,
  connectionId: connection.id,
  stream,
  failures: 0,
});
const statuses = async (world: World) => (await world.sends()).map(({ status }) => status);

/** Queues emails without sending them. */
async function queue(world: World, count: number): Promise<void> {
  await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { status: "disabled" } });
  await world.enroll(people(count));
  await world.pass();
  await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { status: "ready" } });
}
const limitsOf = ({ connection }: World) =>
  db.prisma.connectionLimits.findFirstOrThrow({ where: { connectionId: connection.id } });
const unavailable: FakeAnswer = {
  kind: "not_sent",
  cause: "503 Service Unavailable",
  rateLimited: false,
  retryAfterMs: null,
};
const hung: FakeAnswer = { kind: "unknown", cause: "no answer within 30 s" };

describe("sends per second", () => {
  test.each([8, 7])("%i: however many claim at once, no second sees more", async (perSecond) => {
    const world = await makeWorld();
    await queue(world, 3 * perSecond);
    await change(world, { sends_per_second_max: perSecond });
    let left = 3 * perSecond;
    // Who takes less than there is room for leaves the rest of that room, and no more, to the next one.
    const claimer = async (limit: number) => {
      while (left > 0) {
        const batch = await claimBatch(db, laneOf(world), { ...times, limit });
        if (batch !== null) left -= batch.sends.length;
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await Promise.all([1, 1, 200, 200].map(claimer));
    const moments = await db.sql<{ at: number; n: number }>(
      `select extract(epoch from started_at)::float8 * 1000 as at, count(*)::int n from send_attempts where workspace_id = $1 group by 1 order by 1`,
      [world.workspaceId],
    );
    const inSecond = moments.map(({ at: from }) =>
      moments.filter(({ at }) => at >= from && at < from + 999.5).reduce((sum, { n }) => sum + n, 0),
    );
    expect(inSecond.filter((n) => n > perSecond)).toEqual([]);
    expect(moments.reduce((sum, { n }) => sum + n, 0)).toBe(3 * perSecond);
  });

  test("the dispatcher sleeps until there is room instead of asking again, and everything leaves", async () => {
    const world = await makeWorld();
    await change(world, { sends_per_second_max: 4 });
    await world.enroll(people(6));
    const steps: string[] = [];
    const step = (name: string) => void steps.push(name);
    for (
      let passes = 0;
      passes < 40 && (await statuses(world)).filter((status) => status === "sent").length < 6;
      passes += 1
    ) {
      await world.pass({ step });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await statuses(world)).toEqual(Array(6).fill("sent"));
    expect(world.fake.calls.every(({ messages }) => messages.length === 1)).toBe(true);
    // One claim for each call, and hardly any that found nothing.
    expect(steps.filter((name) => name === "claim").length).toBeLessThan(12);
  });
});

test("calls at once: four who claim at the same moment begin no more than allowed, and the end of one makes room", async () => {
  const world = await makeWorld();
  await queue(world, 8);
  await change(world, { calls_at_once_max: 2 });
  const claims = () => Promise.all([1, 2, 3, 4].map(() => claimBatch(db, laneOf(world), { ...times, limit: 1 })));
  const first = await claims();
  expect(first.filter((batch) => batch !== null)).toHaveLength(2);
  expect(await claimBatch(db, laneOf(world), { ...times, limit: 1 })).toBeNull();
  await db.sql("update sends set status = 'sent', due_at = null where workspace_id = $1 and batch_id = $2", [
    world.workspaceId,
    first.find((batch) => batch !== null)?.batchId,
  ]);
  expect(await claimBatch(db, laneOf(world), { ...times, limit: 1 })).toBeNull(); // it sleeps until it may look again
  await expect.poll(async () => ((await limitsOf(world)).opensAt?.getTime() ?? 0) < Date.now()).toBe(true);
  expect((await claims()).filter((batch) => batch !== null)).toHaveLength(1);
});

describe("a warm-up", () => {
  const plan = { start_per_day: 4, growth: 1.5, until: 8 };
  /** As if everything had happened a day earlier. */
  const sleepADay = (world: World) =>
    db.sql(
      `update connection_limits set warm_up_from = warm_up_from - 1, day = day - 1, opens_at = opens_at - interval '1 day',
         claimed_at = claimed_at - interval '1 day' where workspace_id = $1`,
      [world.workspaceId],
    );
  const sent = async (world: World) => (await statuses(world)).filter((status) => status === "sent").length;

  test("what is beyond the day's ceiling waits until midnight UTC and says so; the ceiling grows, and ends", async () => {
    const world = await makeWorld();
    expect((await change(world, { warm_up: plan })).warm_up).toEqual({ ...plan, ceiling_today: 4, used_today: 0 });
    await world.enroll(people(20));
    await Promise.all([world.pass(), world.pass(), world.pass(), world.pass()]);
    expect(await sent(world)).toBe(4);
    const { data } = await listSends(owner(world), { limit: 50 });
    expect(data.filter(({ reason }) => reason === "warm_up")).toHaveLength(16);
    expect((await shown(world)).warm_up).toMatchObject({ ceiling_today: 4, used_today: 4 });
    const { opensAt } = await limitsOf(world);
    expect(opensAt?.toISOString()).toBe(
      `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T00:00:00.000Z`,
    );
    // 4, 6, then no ceiling: 9 would be more than 8.
    await sleepADay(world);
    await world.pass();
    expect(await sent(world)).toBe(10);
    await sleepADay(world);
    await world.pass();
    expect(await sent(world)).toBe(20);
    expect((await shown(world)).warm_up).toMatchObject({ ceiling_today: null });
  });

  test("what was claimed and did not leave makes room for others, and another plan counts at once", async () => {
    const world = await makeWorld();
    await makeSuppressions(
      db,
      world,
      people(3).map(({ email }) => ({ email: email ?? "" })),
    );
    await change(world, { warm_up: plan });
    await world.enroll(people(8));
    for (let passes = 0; passes < 4; passes += 1) await world.pass();
    expect(await sent(world)).toBe(4);
    expect((await shown(world)).warm_up).toMatchObject({ used_today: 4 });
    await change(world, { warm_up: null });
    await world.pass();
    expect(await sent(world)).toBe(5);
  });

  test("changed on a day whose ceiling is used up, it is asked again at midnight UTC, and not before", async () => {
    const world = await makeWorld();
    await change(world, { warm_up: plan });
    await world.enroll(people(8));
    await world.pass();
    await change(world, { sends_per_second_max: 50 });
    expect((await limitsOf(world)).opensAt).toBeNull();
    await world.pass();
    expect((await limitsOf(world)).opensAt?.toISOString()).toMatch(/T00:00:00\.000Z$/);
    await world.pass({ step: (name) => expect(name).not.toBe("claim") });
    expect(await sent(world)).toBe(4);
  });
});

test("what was put back after a refused call was halved leaves the same day: it used up nothing of the warm-up", async () => {
  const world = await makeWorld();
  await change(world, { warm_up: { start_per_day: 4, growth: 1.5, until: 8 } });
  await world.enroll(people(4));
  const refused: FakeAnswer = { kind: "call_refused", about: "message", code: 402, message: "Invalid JSON" };
  world.fake.answerNext(refused, { ...unavailable, late: true });
  for (
    let passes = 0;
    passes < 50 && (await statuses(world)).filter((status) => status === "sent").length < 4;
    passes += 1
  ) {
    await world.pass();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await statuses(world)).toEqual(Array(4).fill("sent"));
  expect((await shown(world)).warm_up).toMatchObject({ used_today: 4 });
});

describe("the breaker of a connection", () => {
  const twoStreams = () =>
    makeWorld({
      definition: (id) => ({
        trigger: { type: "event", event: "signed_up", where: null, source: "any" },
        steps: [
          emailStep("one", id, { message_stream: "broadcast" }),
          emailStep("two", id, { message_stream: "news" }),
        ],
      }),
    });
  /** Fails the next calls, one after the other, each when the rest before it is over. */
  async function fail(world: World, answers: FakeAnswer[]): Promise<void> {
    // One call at a time, so that each pass makes one.
    await change(world, { calls_at_once_max: 1 });
    for (const answer of answers) {
      world.fake.always = answer;
      await rested(world);
      await world.pass();
    }
    world.fake.always = undefined;
    await change(world, { calls_at_once_max: null });
  }
  /** As if the pause were over, and a call's place free. */
  async function rested(world: World): Promise<void> {
    await db.sql("update connection_limits set opens_at = null where workspace_id = $1", [world.workspaceId]);
    await db.sql(
      "update send_lanes set not_before = clock_timestamp() - interval '1 second' where workspace_id = $1 and not_before is not null",
      [world.workspaceId],
    );
    await db.sql(
      "update sends set due_at = clock_timestamp() - interval '1 second' where workspace_id = $1 and status = 'queued'",
      [world.workspaceId],
    );
  }

  test("opens after three calls in a row that went wrong, says why and until when, and rests longer each time", async () => {
    const world = await makeWorld();
    await world.enroll(people(40));
    await fail(world, [unavailable, unavailable]);
    expect((await shown(world)).breaker).toEqual({ state: "closed", since: null, until: null, why: null });
    await fail(world, [unavailable]);
    const { breaker } = await shown(world);
    expect(breaker).toMatchObject({ state: "open", why: "503 Service Unavailable", since: expect.any(String) });
    expect(new Date(breaker.until ?? 0).getTime()).toBeGreaterThan(Date.now() + 1_000);
    const calls = world.fake.calls.length;
    await world.pass();
    expect(world.fake.calls).toHaveLength(calls);
    await fail(world, [unavailable, unavailable]);
    const later = (await shown(world)).breaker;
    expect(later.since).toBe(breaker.since);
    expect(new Date(later.until ?? 0).getTime() - Date.now()).toBeGreaterThan(10_000);
  });

  test("half open, one small batch finds out, alone; when it passes all goes on, and nothing is lost or doubled", async () => {
    const world = await makeWorld();
    await world.enroll(people(40));
    await fail(world, [unavailable, unavailable, unavailable]);
    await rested(world);
    expect((await shown(world)).breaker.state).toBe("half_open");
    const before = world.fake.calls.length;
    let beside: unknown = "not asked";
    world.fake.answerNext(async (call, fake) => {
      beside = await claimBatch(db, laneOf(world), { ...times, limit: 200 });
      return { kind: "answered", outcomes: fake.accept(call.messages, call.stream) };
    });
    await world.pass();
    expect(beside).toBeNull();
    expect(world.fake.calls[before]?.messages).toHaveLength(10);
    expect((await shown(world)).breaker.state).toBe("closed");
    expect(await statuses(world)).toEqual(Array(40).fill("sent"));
    expect(new Set(world.fake.acceptedTimes().values())).toEqual(new Set([1]));
  });

  test("a connection's other streams rest with the one that failed, and go on with it", async () => {
    const world = await twoStreams();
    await world.enroll(people(2));
    await world.pass();
    await world.enroll(people(2, 2));
    world.fake.always = hung;
    for (let passes = 0; passes < 3; passes += 1) {
      await rested(world);
      await world.pass();
      await world.enroll(people(2, 4 + 2 * passes));
    }
    const lanes = await db.prisma.sendLane.findMany({ where: { workspaceId: world.workspaceId } });
    expect(lanes.map(({ openSince }) => openSince !== null)).toEqual([true, true]);
    world.fake.always = undefined;
    await rested(world);
    await world.pass();
    expect((await shown(world)).breaker.state).toBe("closed");
    expect(await db.prisma.sendLane.count({ where: { workspaceId: world.workspaceId, failures: 0 } })).toBe(2);
  });

  test("a trial in which nobody is written to lets the next one try at once", async () => {
    const world = await makeWorld();
    await world.enroll(people(25));
    await fail(world, [unavailable, unavailable, unavailable]);
    await makeSuppressions(
      db,
      world,
      people(12).map(({ email }) => ({ email: email ?? "" })),
    );
    await rested(world);
    await world.pass();
    await world.pass();
    expect(new Set(await statuses(world))).toEqual(new Set(["skipped", "sent"]));
  });

  test("a trial whose process died keeps others away until its lease ends, and then the next one tries", async () => {
    const world = await makeWorld();
    await world.enroll(people(30));
    await fail(world, [unavailable, unavailable, unavailable]);
    await rested(world);
    expect((await claimBatch(db, laneOf(world), { ...times, limit: 200 }))?.sends).toHaveLength(10);
    expect((await shown(world)).breaker.state).toBe("open");
    expect(await claimBatch(db, laneOf(world), { ...times, limit: 200 })).toBeNull();
    await rested(world);
    expect((await claimBatch(db, laneOf(world), { ...times, limit: 200 }))?.trial).toBe(true);
  });
});

test("what was sent is counted for the connection, also what only the search showed, once", async () => {
  const world = await makeWorld();
  world.fake.answerNext(acceptThenReset);
  await world.enroll(people(3));
  await world.pass();
  const sent = async () =>
    (await connectionHealth(owner(world), { id: world.connection.id, window: "24h" })).totals.sent;
  expect(await sent()).toBe(0);
  await world.letTimePass();
  await world.pass();
  await world.enroll(people(2, 3));
  await world.pass();
  expect([await statuses(world), await sent()]).toEqual([Array(5).fill("sent"), 5]);
});

test("one workspace's limits are nothing to another, and its connection cannot be changed from there", async () => {
  const [mine, theirs] = [await makeWorld(), await makeWorld()];
  await change(mine, { sends_per_second_max: 1 });
  await theirs.enroll(people(5));
  await theirs.pass();
  expect(await statuses(theirs)).toEqual(Array(5).fill("sent"));
  await expect(
    changeConnection(owner(theirs), { id: mine.connection.id, sends_per_second_max: 5, is_default: true }),
  ).rejects.toMatchObject({ code: "not_found" });
  expect((await shown(mine)).sends_per_second_max).toBe(1);
});
