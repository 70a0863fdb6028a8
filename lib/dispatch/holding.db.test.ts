import { afterEach, expect, test, vi } from "vitest";
import { db } from "../db";
import { dispatch } from "./index";
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
  let release: () => void = () => undefined;
  hanging.fake.answerNext(
    () =>
      new Promise((resolve) => {
        release = () => resolve({ kind: "unknown", cause: "timeout" });
      }),
  );
  await hanging.enroll(people(1));
  await quick.enroll(people(1));
  const passing = quick.pass();
  await vi.waitFor(async () => expect(await statuses(quick)).toEqual(["sent"]), { timeout: 10_000 });
  expect(await statuses(hanging)).toEqual(["sending"]);
  release();
  await passing;
  expect(await statuses(hanging)).toEqual(["unknown no_answer"]);
});

test("a budget that is over begins nothing new", async () => {
  const world = await makeWorld();
  await world.enroll(people(1));
  const report = await dispatch({ budgetMs: 0, kind: "worker", ...world.means });
  expect(report.advanced).toBe(0);
  expect(report.remaining).toBe(1);
  expect(world.fake.calls).toEqual([]);
});
