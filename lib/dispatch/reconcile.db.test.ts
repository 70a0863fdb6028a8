import { afterEach, expect, test, vi } from "vitest";
import { db } from "../db";
import { env } from "../env";
import { emailStep } from "../testing/factory";
import { acceptThenReset, resetBefore } from "../testing/fake-connector";
import { batchesPerLookUp } from "./limits";
import { ordinaryMeans } from "./means";
import { reconcileLane } from "./reconcile";
import { claimUnsettled } from "./store-unsettled";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;
const statuses = async (world: World) =>
  (await world.sends()).map(({ status, reason }) => (reason === null ? status : `${status} ${reason}`));
/** Long enough for every call to be over and every search to have caught up. */
const longAgoMs = () => env().providerTimeoutMs + env().providerSearchLagMs + 60_000;
const times = (world: World) =>
  [...world.fake.acceptedTimes()].filter(
    ([id]) => !world.fake.outbox.some(({ sendId, to }) => sendId === id && to === world.fake.blackHole),
  );

/** A send whose call was cut before the provider took it: nobody can tell. */
async function cut(world: World, count = 1) {
  world.fake.answerNext(resetBefore);
  await world.enroll(people(count));
  await world.pass();
}

test("mail whose answer was lost is found by its batch in one look, and not sent again", async () => {
  const world = await makeWorld();
  world.fake.answerNext(acceptThenReset);
  await world.enroll(people(3));
  await world.pass();
  expect(await statuses(world)).toEqual(Array(3).fill("unknown no_answer"));
  expect((await world.runs()).map(({ status }) => status)).toEqual(Array(3).fill("active"));
  await world.letTimePass();
  expect(await world.pass()).toMatchObject({ reconciled: 3 });
  expect(await statuses(world)).toEqual(["sent", "sent", "sent"]);
  expect(world.fake.finds).toHaveLength(1);
  expect(times(world).map(([, n]) => n)).toEqual([1, 1, 1]);
  expect((await world.runs()).map(({ status }) => status)).toEqual(Array(3).fill("completed"));
});

test("a batch that was taken in part is settled message by message", async () => {
  const world = await makeWorld();
  world.fake.answerNext(({ messages, stream }, fake) => {
    fake.accept(messages.slice(0, 2), stream);
    return { kind: "unknown", cause: "reset" };
  });
  await world.enroll(people(4));
  await world.pass();
  await world.letTimePass();
  await world.pass();
  expect((await statuses(world)).sort()).toEqual(["sent", "sent", "unknown no_answer", "unknown no_answer"]);
});

test("what a search that sees did not show twice was never taken, and is sent again", async () => {
  const world = await makeWorld();
  await cut(world);
  await db.sql("update send_lanes set not_before = null where workspace_id = $1", [world.workspaceId]);
  await db.sql(
    "update send_attempts set send_by = started_at - $2::int * interval '1 millisecond' where workspace_id = $1",
    [world.workspaceId, env().providerTimeoutMs],
  );
  await world.enroll(people(1, 1)); // the witness: accepted after the cut attempt's call was over
  await world.pass();
  for (let looks = 0; looks < 2; looks += 1) {
    expect((await statuses(world))[0]).toBe("unknown no_answer");
    await world.ageAttempts(longAgoMs());
    await world.pass();
  }
  expect(await statuses(world)).toEqual(["sent", "sent"]);
  expect(times(world).map(([, n]) => n)).toEqual([1, 1]);
  expect((await world.attempts()).map(({ outcome }) => outcome).sort()).toEqual(["absent", "accepted", "accepted"]);
  expect(world.fake.outbox.some(({ to }) => to === world.fake.blackHole)).toBe(false);
});

test("a look that comes before the call and the search's lag are over proves nothing", async () => {
  const world = await makeWorld();
  await cut(world);
  await world.enroll(people(1, 1));
  await world.ageAttempts(env().providerTimeoutMs);
  for (let looks = 0; looks < 4; looks += 1) {
    await world.pass();
    await world.letTimePass();
  }
  expect((await statuses(world))[0]).toBe("unknown no_answer");
});

test("where nothing else shows that the search sees, one message to the black hole does", async () => {
  const world = await makeWorld();
  await cut(world);
  for (let looks = 0; looks < 4; looks += 1) {
    await world.ageAttempts(longAgoMs());
    await world.pass();
  }
  expect(await statuses(world)).toEqual(["sent"]);
  expect(world.fake.outbox.filter(({ to }) => to === world.fake.blackHole)).toHaveLength(1);
  expect(times(world).map(([, n]) => n)).toEqual([1]);
});

test("what was accepted while the cut call may still have been under way proves nothing about it", async () => {
  const world = await makeWorld({ connection: { fromEmail: "hello@example.com" } });
  world.fake.blackHole = null;
  await cut(world);
  await db.sql("update send_lanes set not_before = null where workspace_id = $1", [world.workspaceId]);
  await db.sql("update send_attempts set send_by = started_at where workspace_id = $1", [world.workspaceId]);
  await world.enroll(people(1, 1));
  await world.pass();
  for (let looks = 0; looks < 3; looks += 1) {
    await world.ageAttempts(longAgoMs());
    // As old as the attempt that it stands beside.
    await db.sql(
      `update send_attempts a set started_at = c.started_at + interval '1 second'
       from send_attempts c where a.workspace_id = $1 and c.workspace_id = $1 and a.outcome = 'accepted' and c.outcome is null`,
      [world.workspaceId],
    );
    await db.sql(
      `update sends s set sent_at = a.started_at from send_attempts a
       where s.workspace_id = $1 and a.workspace_id = $1 and a.send_id = s.id and a.outcome = 'accepted'`,
      [world.workspaceId],
    );
    await world.letTimePass();
    await world.pass();
  }
  expect((await statuses(world))[0]).toBe("unknown no_answer");
});

test("a probe that never arrived is followed by another one ten minutes later", async () => {
  const world = await makeWorld();
  await cut(world);
  await world.ageAttempts(longAgoMs());
  world.fake.answerNext(resetBefore); // the probe
  await world.pass();
  const probe = () => world.fake.calls.filter(({ messages: [first] }) => first?.to === world.fake.blackHole).length;
  await world.ageAttempts(longAgoMs());
  await world.pass();
  expect(probe()).toBe(1);
  await db.sql("update send_lanes set probe_sent_at = probe_sent_at - interval '11 minutes' where workspace_id = $1", [
    world.workspaceId,
  ]);
  await world.ageAttempts(11 * 60_000);
  for (let looks = 0; looks < 3; looks += 1) {
    await world.pass();
    await world.ageAttempts(longAgoMs());
  }
  await world.pass();
  expect(probe()).toBe(2);
  expect(await statuses(world)).toEqual(["sent"]);
});

test("while the search is blind nothing is sent again, and at most one probe in ten minutes", async () => {
  const world = await makeWorld();
  world.fake.searchSees = false;
  world.fake.always = acceptThenReset; // one call for both, or one for each
  await world.enroll(people(2));
  await world.pass();
  world.fake.always = undefined;
  for (let looks = 0; looks < 5; looks += 1) {
    await world.ageAttempts(longAgoMs());
    await world.pass();
  }
  expect(await statuses(world)).toEqual(["unknown no_answer", "unknown no_answer"]);
  expect(world.fake.outbox.filter(({ to }) => to === world.fake.blackHole)).toHaveLength(1);
  expect(times(world).map(([, n]) => n)).toEqual([1, 1]);
  // It sees again: what was taken all along is found.
  world.fake.searchSees = true;
  await world.letTimePass();
  await world.pass();
  expect(await statuses(world)).toEqual(["sent", "sent"]);
  expect(times(world).map(([, n]) => n)).toEqual([1, 1]);
});

/** Emails of one call each, cut, in the order of `hoursAgo`; another one is accepted at each of `witnessHoursAgo`. */
async function cutOneByOne(world: World, hoursAgo: readonly number[], witnessHoursAgo: readonly number[]) {
  const { workspaceId } = world;
  await cut(world, hoursAgo.length);
  for (const index of witnessHoursAgo.keys()) {
    await db.sql("update send_lanes set not_before = null where workspace_id = $1", [workspaceId]);
    await world.enroll(people(1, hoursAgo.length + index));
    await world.pass();
  }
  const aged = (of: string) =>
    `update send_attempts a set started_at = clock_timestamp() - h.hours * interval '1 hour', send_by = clock_timestamp() - h.hours * interval '1 hour'${of}
     from (select send_id, hours from (select send_id, row_number() over (order by send_id) as n from send_attempts
         where workspace_id = $1 and outcome is not distinct from $3) s
       join unnest($2::float8[]) with ordinality u(hours, n) on u.n = s.n) h
     where a.workspace_id = $1 and a.send_id = h.send_id`;
  await db.sql(aged(", batch_id = uuid_v7()"), [workspaceId, hoursAgo, null]);
  await db.sql(aged(""), [workspaceId, witnessHoursAgo, "accepted"]);
  await db.sql(
    `update sends s set batch_id = a.batch_id, sent_at = case when a.outcome = 'accepted' then a.started_at end
     from send_attempts a where s.workspace_id = $1 and a.workspace_id = $1 and a.send_id = s.id`,
    [workspaceId],
  );
  await world.letTimePass("status = 'unknown'");
  const lane = { workspaceId, connectionId: world.connection.id, stream: "broadcast", failures: 0 };
  return { look: () => reconcileLane(lane, { ...ordinaryMeans, ...world.means }) };
}

test("emails that were sent one by one are taken as many as can be asked about, and one message shows for all that the search sees", async () => {
  const world = await makeWorld();
  const count = batchesPerLookUp + 5;
  const hoursAgo = Array.from({ length: count }, (_, index) => 5 - index / 100);
  const { look } = await cutOneByOne(world, hoursAgo, [4]);
  expect(await look()).toMatchObject({ claimed: batchesPerLookUp, answered: true });
  expect(world.fake.finds).toHaveLength(batchesPerLookUp + 1);
  const seen = await db.sql(
    "select absent_seen as seen, count(*)::int as n from send_attempts where workspace_id = $1 and outcome is null group by 1 order by 1",
    [world.workspaceId],
  );
  expect(seen).toEqual([
    { seen: 0, n: 5 },
    { seen: 1, n: batchesPerLookUp },
  ]);
  // Those left come next.
  expect(await look()).toMatchObject({ claimed: 5, answered: true });
});

test("what shows that the search sees older mail does not show that it sees younger", async () => {
  const world = await makeWorld();
  const { look } = await cutOneByOne(world, [5, 3, 1], [4, 2, 0.5]);
  const [oldest, ...younger] = world.fake.outbox.map(({ batchId }) => batchId);
  vi.spyOn(world.fake, "find").mockImplementation(async (query) => {
    const { batchId } = query;
    world.fake.finds.push(query);
    return {
      kind: "found",
      messages: world.fake.outbox.filter((sent) => sent.batchId === batchId && batchId === oldest),
    };
  });
  expect(await look()).toMatchObject({ claimed: 3, answered: true });
  const asked = world.fake.finds.map(({ batchId }) => batchId);
  expect(asked).toEqual(expect.arrayContaining([oldest, ...younger]));
  const seen = await db.sql<{ seen: number }>(
    "select absent_seen as seen from send_attempts where workspace_id = $1 and outcome is null order by started_at",
    [world.workspaceId],
  );
  expect(seen.map(({ seen }) => seen)).toEqual([1, 0, 0]);
});

test("where there was no time to ask what shows that the search sees, no probe is sent for that", async () => {
  const world = await makeWorld();
  const { look } = await cutOneByOne(world, [5], [4]);
  const ask = world.fake.find.bind(world.fake);
  vi.spyOn(world.fake, "find").mockImplementation(async (batch) => {
    const nowMs = performance.now() + env().providerTimeoutMs;
    vi.spyOn(performance, "now").mockImplementation(() => nowMs);
    return ask(batch);
  });
  expect(await look()).toMatchObject({ claimed: 1, answered: true });
  expect(world.fake.finds).toHaveLength(1);
  expect(world.fake.outbox.filter(({ to }) => to === world.fake.blackHole)).toEqual([]);

  // Only a search that is silent is one: then the lane waits among the silent.
  vi.restoreAllMocks();
  world.fake.findAnswer = { kind: "cannot_know", cause: "timeout", aboutCredentials: false };
  await world.letTimePass("status = 'unknown'");
  expect(await look()).toMatchObject({ answered: false });
});

test("what went to another server than the connection opens now stays unknown, and says why", async () => {
  const world = await makeWorld();
  await cut(world);
  await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { serverId: "2" } });
  for (let looks = 0; looks < 3; looks += 1) {
    await world.ageAttempts(longAgoMs());
    await world.pass();
  }
  expect(await statuses(world)).toEqual(["unknown cannot_know"]);
  expect(world.fake.finds).toEqual([]);
});

test("of many workers none looks a send up that another one has: two looks at one moment are not two", async () => {
  const world = await makeWorld();
  await cut(world, 60);
  await world.letTimePass();
  const open = (await world.sends()).filter(({ status }) => status === "unknown").map(({ id }) => id);
  const lane = { workspaceId: world.workspaceId, connectionId: world.connection.id, stream: "broadcast" };
  const claims = await Promise.all(
    Array.from({ length: 8 }, () => claimUnsettled(db, lane, { limit: 15, batches: 20, leaseMs: 10_000 })),
  );
  const ids = claims.flatMap((claim) => claim?.sends.map(({ id }) => id) ?? []);
  expect(open.length).toBeGreaterThan(15);
  expect(ids.sort()).toEqual(open.sort());
});

test("a search that refuses the token holds the connection, and nothing is concluded from it", async () => {
  const world = await makeWorld();
  await cut(world);
  world.fake.findAnswer = { kind: "cannot_know", cause: "Bad token", aboutCredentials: true };
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await world.ageAttempts(longAgoMs());
  await world.pass();
  expect(await statuses(world)).toEqual(["unknown cannot_know"]);
  expect((await db.prisma.connection.findFirstOrThrow({ where: { id: world.connection.id } })).status).toBe("failing");
});

test("where the connection has no sender address, the probe comes from the one that the emails have", async () => {
  const world = await makeWorld({
    connection: { fromEmail: null },
    definition: (id) => ({
      trigger: { type: "event", event: "signed_up", where: null, source: "any" },
      steps: [emailStep("welcome", id, { from_email: "step@example.com" })],
    }),
  });
  await cut(world);
  // As if the process had died before it saved what it had sent.
  await db.sql("update sends set from_email = null where workspace_id = $1", [world.workspaceId]);
  for (let looks = 0; looks < 4; looks += 1) {
    await world.ageAttempts(longAgoMs());
    await world.pass();
  }
  expect(await statuses(world)).toEqual(["sent"]);
  const probe = world.fake.outbox.find(({ to }) => to === world.fake.blackHole);
  expect(probe?.message.from).toBe("step@example.com");
});

test("a search that lags for longer than the newest probe is old is believed by an older one", async () => {
  const world = await makeWorld();
  await cut(world);
  // It shows nothing that is younger than 25 minutes; each pass here is ten minutes after the last.
  const sentAt = new Map<string, number>();
  let minute = 0;
  world.fake.always = ({ messages, stream }, fake) => {
    for (const { batchId } of messages) sentAt.set(batchId, minute);
    return { kind: "answered", outcomes: fake.accept(messages, stream) };
  };
  vi.spyOn(world.fake, "find").mockImplementation(async ({ batchId }) => ({
    kind: "found",
    messages: world.fake.outbox.filter((sent) => sent.batchId === batchId && (sentAt.get(batchId) ?? 0) <= minute - 25),
  }));
  for (minute = 10; minute <= 60; minute += 10) {
    await world.ageAttempts(10 * 60_000);
    await db.sql(
      `update send_lanes set probe_sent_at = probe_sent_at - interval '11 minutes' where workspace_id = $1`,
      [world.workspaceId],
    );
    await world.pass();
  }
  expect(await statuses(world)).toEqual(["sent"]);
  expect(times(world).map(([, n]) => n)).toEqual([1]);
});

test("each attempt is looked for on the stream that it went to, wherever its email is by now", async () => {
  const world = await makeWorld();
  await cut(world);
  await db.sql("update sends set message_stream = 'news' where workspace_id = $1", [world.workspaceId]);
  await db.sql(
    "insert into send_lanes (workspace_id, connection_id, message_stream) select workspace_id, connection_id, 'news' from send_lanes where workspace_id = $1",
    [world.workspaceId],
  );
  await world.ageAttempts(longAgoMs());
  await world.pass();
  expect(new Set(world.fake.finds.map(({ stream }) => stream))).toEqual(new Set(["broadcast"]));
});

test("an unknown email holds its run for a day, then the run goes on", async () => {
  const world = await makeWorld();
  await cut(world);
  world.fake.searchSees = false;
  const standing = async () =>
    (await world.runs()).map(({ status, dueAt }) => [
      status,
      Math.round(((dueAt?.getTime() ?? 0) - Date.now()) / 3_600_000),
    ]);
  expect(await standing()).toEqual([["active", 24]]);
  await world.letTimePass();
  await world.pass();
  expect(await standing()).toEqual([["active", 24]]);
  await db.sql("update sends set unknown_since = unknown_since - interval '25 hours' where workspace_id = $1", [
    world.workspaceId,
  ]);
  await world.letTimePass();
  await world.pass();
  expect((await world.runs()).map(({ status }) => status)).toEqual(["completed"]);
  expect((await world.decisions()).map(({ reason }) => reason)).toContain("unknown_released");
});
