import { afterEach, expect, test, vi } from "vitest";
import { db } from "../db";
import { emailStep, makeConnection, makeSends } from "../testing/factory";
import { isRefusal } from "./store";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

test("what is made due now is due now, and not half a millisecond later", async () => {
  const world = await makeWorld();
  const { profiles, runs } = await world.enroll(people(1), { dueAt: null, stepId: "welcome" });
  const [[profile], [run]] = [profiles, runs];
  await makeSends(db, world, [
    {
      connectionId: world.connection.id,
      automationId: world.automation.id,
      versionId: world.automation.version.id,
      enrollmentId: run?.id,
      profileId: profile?.id,
      stepId: "welcome",
      status: "sent",
    },
  ]);
  // Within one statement of the caller, so that the clock has hardly gone on; half of all moments would be rounded up.
  await db.sql(`create function late_after_waking(ws uuid, times int) returns int language plpgsql as $$
    declare late int := 0;
    begin
      for i in 1..times loop
        perform wake_enrollments(ws, (select array_agg(id) from sends where workspace_id = ws));
        late := late + (select count(*) from enrollments where workspace_id = ws and due_at > clock_timestamp());
      end loop;
      return late;
    end $$`);
  const [row] = await db.sql<{ late: number }>("select late_after_waking($1, 200) as late", [world.workspaceId]);
  await db.sql("drop function late_after_waking");
  expect(row?.late).toBe(0);
});

test("a pass never ends before work that it made due itself", async () => {
  const world = await makeWorld();
  for (let round = 0; round < 8; round += 1) {
    await world.enroll(people(2, 2 * round));
    await world.pass();
    expect((await world.runs()).filter(({ status }) => status === "active")).toEqual([]);
  }
});

test("a pass never ends while a lane that just gave nothing rests for a moment, and has work again", async () => {
  const world = await makeWorld({
    definition: (id) => ({
      trigger: { type: "event", event: "signed_up", where: null, source: "any" },
      steps: ["one", "two", "three", "four"].map((step) => emailStep(step, id)),
    }),
  });
  for (let round = 0; round < 4; round += 1) {
    await world.enroll(people(3, 3 * round));
    await world.pass();
    expect((await world.runs()).filter(({ status }) => status === "active")).toEqual([]);
  }
  expect(world.fake.outbox).toHaveLength(48);
});

test("a limit of the database is a refusal: asking again is of no use", () => {
  const failed = (code: string) => Object.assign(new Error("no"), { code });
  expect(["22001", "23505", "42883", "54000"].map((code) => isRefusal(failed(code)))).toEqual(Array(4).fill(true));
  expect(["40001", "53300", "57P01", "08006"].map((code) => isRefusal(failed(code)))).toEqual(Array(4).fill(false));
});

test("a connection with a status that only a newer release knows harms only itself", async () => {
  const world = await makeWorld();
  const { workspaceId } = world;
  await makeConnection(db, { workspaceId, status: "resting", streams: [{ odd: true }] });
  await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { status: "resting" } });
  const other = await makeWorld();
  await world.enroll(people(1));
  await other.enroll(people(1));
  await world.pass();
  expect((await other.sends()).map(({ status }) => status)).toEqual(["sent"]);
  expect((await world.sends()).map(({ status }) => status)).toEqual(["queued"]);
  await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { status: "ready" } });
  await world.pass();
  expect((await world.sends()).map(({ status }) => status)).toEqual(["sent"]);
});

test("mail whose streams cannot be read never leaves on another one: it waits until the provider tells them, and harms nobody else", async () => {
  const world = await makeWorld({ connection: { messageStream: null } });
  const other = await makeWorld();
  const warnings = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await db.prisma.connection.updateMany({ where: { id: world.connection.id }, data: { streams: [{ odd: true }] } });
  const asked = vi.spyOn(world.fake, "check").mockResolvedValue({ kind: "unreachable", message: "No answer." });
  await world.enroll(people(1));
  await other.enroll(people(1));
  await world.pass();
  expect(asked).toHaveBeenCalled();
  expect(warnings).toHaveBeenCalledWith(expect.stringContaining("stored streams cannot be read"));
  expect(world.fake.outbox).toEqual([]);
  expect((await world.sends()).map(({ status }) => status)).toEqual(["queued"]);
  expect((await other.sends()).map(({ status }) => status)).toEqual(["sent"]);

  asked.mockRestore();
  await world.letTimePass();
  await world.pass();
  expect(world.fake.outbox.map(({ stream }) => stream)).toEqual(["broadcast"]);
  const { streams } = await db.prisma.connection.findFirstOrThrow({ where: { id: world.connection.id } });
  expect(streams).toMatchObject([{ id: "broadcast" }]);
});

test("a token that cannot be read shows its connection as failing, with what to do", async () => {
  const world = await makeWorld();
  const { workspaceId, connection } = world;
  const other = await makeConnection(db, { workspaceId });
  await db.prisma.connection.updateMany({
    where: { id: connection.id },
    data: { sealedCredentials: other.sealedCredentials },
  });
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { openConnector } = await import("../connections");
  await world.enroll(people(1));
  await world.pass({ open: openConnector });
  const { status, lastError } = await db.prisma.connection.findFirstOrThrow({ where: { id: connection.id } });
  expect(status).toBe("failing");
  expect(lastError).toMatch(/^The stored server token cannot be read/);
  expect((await world.sends()).map((send) => send.status)).toEqual(["queued"]);
  expect(errors).toHaveBeenCalled();
});
