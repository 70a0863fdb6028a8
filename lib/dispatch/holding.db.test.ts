import { afterEach, expect, test, vi } from "vitest";
import { db, transaction } from "../db";
import { makeSends, makeVersion } from "../testing/factory";
import { dispatch } from "./index";
import { batchesPerTurn, placesAtOnce, slowAfterMs } from "./limits";
import { Places } from "./places";
import { Shift } from "./shift";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

const statuses = async (world: Awaited<ReturnType<typeof makeWorld>>) =>
  (await world.sends()).map(({ status, reason }) => (reason === null ? status : `${status} ${reason}`));

test("neither a stopped workspace nor a disabled connection sends, and both go on where they stood", async () => {
  const world = await makeWorld();
  await world.enroll(people(1));
  const { workspaceId } = world;
  await db.prisma.workspace.update({ where: { id: workspaceId }, data: { sendingStoppedAt: new Date() } });
  await world.pass();
  expect(await world.sends()).toEqual([]);
  await db.prisma.workspace.update({ where: { id: workspaceId }, data: { sendingStoppedAt: null } });
  await db.prisma.connection.updateMany({ where: { workspaceId }, data: { status: "disabled" } });
  expect(await world.pass()).toMatchObject({ advanced: 1, sent: 0, remaining: 0 });
  expect(await statuses(world)).toEqual(["queued"]);
  await db.prisma.connection.updateMany({ where: { workspaceId }, data: { status: "unvalidated" } });
  await world.pass();
  expect(await statuses(world)).toEqual(["sent"]);
});

test("a stop that comes between claim and call still holds", async () => {
  const world = await makeWorld();
  await world.enroll(people(2));
  const { workspaceId } = world;
  const stop = async (name: string) => {
    if (name === "load")
      await db.prisma.workspace.update({ where: { id: workspaceId }, data: { sendingStoppedAt: new Date() } });
  };
  await world.pass({ step: stop });
  expect(world.fake.calls).toEqual([]);
  expect(await statuses(world)).toEqual(["queued", "queued"]);
  expect(await world.attempts()).toEqual([]);
  await db.prisma.workspace.update({ where: { id: workspaceId }, data: { sendingStoppedAt: null } });
  await world.pass();
  expect(await statuses(world)).toEqual(["sent", "sent"]);
});

test("what is more than a day late is held for a person", async () => {
  const world = await makeWorld();
  await world.enroll(people(1), { readyAt: new Date(Date.now() - 25 * 3_600_000) });
  await world.pass();
  await world.pass();
  expect(await statuses(world)).toEqual(["queued late"]);
  expect((await world.sends())[0]?.dueAt).toBeNull();
  expect(world.fake.calls).toEqual([]);
});

test("what was to be skipped as overdue is skipped, what became ready later is sent", async () => {
  const world = await makeWorld();
  const resumedAt = new Date(Date.now() - 60_000);
  await world.enroll(people(1), { readyAt: new Date(resumedAt.getTime() - 60_000), overdueSkipBefore: resumedAt });
  await world.enroll(people(1, 1), { overdueSkipBefore: resumedAt });
  await world.pass();
  expect(await statuses(world)).toEqual(["skipped overdue", "sent"]);
});

test("one connection that hangs keeps nobody else waiting", async () => {
  const [hanging, quick] = [await makeWorld(), await makeWorld()];
  const releases: (() => void)[] = [];
  hanging.fake.answerNext(
    () => new Promise((resolve) => releases.push(() => resolve({ kind: "unknown", cause: "timeout" }))),
  );
  await hanging.enroll(people(1));
  await quick.enroll(people(1));
  const passing = quick.pass();
  await vi.waitFor(async () => expect(await statuses(quick)).toEqual(["sent"]), { timeout: 10_000 });
  // Its run may be advanced in a later round than the quick one's.
  await vi.waitFor(() => expect(releases).toHaveLength(1), { timeout: 10_000 });
  expect(await statuses(hanging)).toEqual(["sending"]);
  for (const release of releases) release();
  await passing;
  expect(await statuses(hanging)).toEqual(["unknown no_answer"]);
});

test("more connections that hang than there are places keep nobody else waiting for long", {
  timeout: 60_000,
}, async () => {
  const hanging = await Promise.all(Array.from({ length: placesAtOnce + 2 }, () => makeWorld()));
  const quick = await makeWorld();
  const releases: (() => void)[] = [];
  for (const world of hanging) {
    world.fake.always = () =>
      new Promise((resolve) => {
        releases.push(() => resolve({ kind: "unknown", cause: "timeout" }));
      });
    await world.enroll(people(1));
  }
  const passing = dispatch({ budgetMs: 40_000, kind: "worker", ...quick.means });
  await vi.waitFor(() => expect(releases.length).toBeGreaterThanOrEqual(placesAtOnce), { timeout: 30_000 });
  await quick.enroll(people(1));
  const beganMs = performance.now();
  await vi.waitFor(async () => expect(await statuses(quick)).toEqual(["sent"]), { timeout: 20_000 });
  expect(performance.now() - beganMs).toBeLessThan(3 * slowAfterMs);
  for (const world of hanging) world.fake.always = { kind: "unknown", cause: "timeout" };
  for (const release of releases) release();
  await passing;
});

test("a change that holds an automation for long keeps no other workspace from advancing", async () => {
  const [held, other] = [await makeWorld(), await makeWorld()];
  const { workspaceId, automation } = held;
  await db.prisma.automation.updateMany({ where: { workspaceId }, data: { status: "paused" } });
  await held.enroll(people(1));
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let locked: () => void = () => undefined;
  const holding = new Promise<void>((resolve) => {
    locked = resolve;
  });
  const change = transaction(
    async (tx) => {
      await tx.sql("select from automations where id = $1 for no key update", [automation.id]);
      locked();
      await released;
    },
    { timeoutMs: 30_000 },
  );
  await holding;
  const passing = dispatch({ budgetMs: 20_000, kind: "worker", ...held.means });
  await vi.waitFor(async () => expect((await held.runs())[0]?.leaseToken).not.toBeNull(), { timeout: 10_000 });
  await other.enroll(people(1));
  try {
    await vi.waitFor(async () => expect(await statuses(other)).toEqual(["sent"]), { timeout: 10_000 });
  } finally {
    release();
    await change;
  }
  await passing;
  expect(errors).toHaveBeenCalled();
});

test("what cannot be read is tried again for a day, then it is for a person", async () => {
  const world = await makeWorld();
  const { workspaceId } = world;
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  await db.prisma.automation.updateMany({ where: { workspaceId }, data: { status: "paused" } });
  await world.enroll(people(2), { status: "completed" });
  const [run] = await world.runs();
  const version = await makeVersion(db, { workspaceId, automationId: world.automation.id, definition: {}, number: 2 });
  const named = {
    connectionId: world.connection.id,
    automationId: world.automation.id,
    versionId: version.id,
    profileId: run?.profileId,
  };
  await makeSends(db, { workspaceId }, [
    { ...named, scheduledAt: new Date(Date.now() - 25 * 3_600_000) },
    { ...named, scheduledAt: new Date(Date.now() - 23 * 3_600_000) },
  ]);
  await world.pass();
  expect(await statuses(world)).toEqual(["queued late", "queued"]);
  expect((await world.sends()).map(({ dueAt }) => dueAt !== null)).toEqual([false, true]);
});

test("a lane with a backlog gives its place to the others in between", async () => {
  const [backlog, small] = [await makeWorld(), await makeWorld()];
  const queue = async ({ workspaceId, connection, automation, ...world }: typeof small, count: number) => {
    const { profiles } = await world.enroll(people(1), { status: "completed" });
    const named = { automationId: automation.id, versionId: automation.version.id, profileId: profiles[0]?.id };
    const send = { ...named, connectionId: connection.id, stepId: "welcome" };
    await makeSends(db, { workspaceId }, Array(count).fill(send));
  };
  backlog.fake.messagesMax = 1;
  const many = 4 * batchesPerTurn;
  await queue(backlog, many);
  await queue(small, 1);
  let before = -1;
  small.fake.answerNext(({ messages, stream }, fake) => {
    before = backlog.fake.outbox.length;
    return { kind: "answered", outcomes: fake.accept(messages, stream) };
  });
  const onePlace = new Shift(
    { step: () => undefined, ...backlog.means },
    () => false,
    () => undefined,
    new Places({ usual: 1, slow: 1 }),
  );
  await vi.waitFor(
    async () => {
      await onePlace.round();
      await onePlace.oneDone();
      expect(onePlace.done.sent).toBe(many + 1);
    },
    { timeout: 20_000, interval: 1 },
  );
  expect(before).toBe(batchesPerTurn);
});

test("a budget that is over begins nothing new", async () => {
  const world = await makeWorld();
  await world.enroll(people(1));
  const report = await dispatch({ budgetMs: 0, kind: "worker", ...world.means });
  expect(report.advanced).toBe(0);
  expect(report.remaining).toBe(1);
  expect(world.fake.calls).toEqual([]);
});
