import { afterEach, expect, test, vi } from "vitest";
import { systemTenant } from "../actor";
import { db } from "../db";
import { emailStep, makeEnrollments, makeEvent, makeProfile, makeWorkspace } from "../testing/factory";
import { advanceWorkspace } from "./advance";
import { dueWorkspaces } from "./store";
import { claimRuns, settleRuns } from "./store-runs";
import { refusing } from "./testing/refusing";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

type World = Awaited<ReturnType<typeof makeWorld>>;
const states = async (world: World) =>
  (await world.runs()).map(({ status, reason, stepId }) =>
    [status, reason, stepId].filter((part) => part !== null).join(" "),
  );
const trigger = { type: "event", event: "signed_up", where: null, source: "any" };
const setStatus = (world: World, status: string) =>
  db.prisma.automation.updateMany({ where: { id: world.automation.id }, data: { status } });
const chance = () => 0.5;

test("a run waits at a delay, measured from when it was ready, and goes on when it is over", async () => {
  const world = await makeWorld({
    definition: (id) => ({ trigger, steps: [{ id: "pause", type: "delay", for: "P1D" }, emailStep("later", id)] }),
  });
  const readyAt = new Date(Date.now() - 3_600_000);
  await world.enroll(people(1), { readyAt });
  await world.pass();
  const [run] = await world.runs();
  expect(run).toMatchObject({ status: "active", stepId: "pause", attempt: 0, leaseToken: null });
  expect(run?.dueAt).toEqual(new Date(readyAt.getTime() + 86_400_000));
  expect(run?.stepDueAt).toEqual(run?.dueAt);
  await db.sql("update enrollments set step_due_at = step_due_at - interval '1 day' where id = $1", [run?.id]);
  await world.letTimePass();
  await world.pass();
  expect(world.fake.outbox).toHaveLength(1);
  expect(await states(world)).toEqual(["completed later"]);
});

test("a run takes the branch that holds for person and event, and says what it looked at", async () => {
  const world = await makeWorld({
    definition: (id) => ({
      trigger,
      steps: [
        {
          id: "plan",
          type: "branch",
          branches: [
            { when: { field: "event.plan", op: "eq", value: "pro" }, steps: [emailStep("pro", id)] },
            { when: { field: "profile.age", op: "gte", value: 18 }, steps: [{ id: "out", type: "exit" }] },
          ],
          else: [],
        },
        emailStep("all", id),
      ],
    }),
  });
  const { workspaceId } = world;
  const event = await makeEvent(db, { workspaceId, properties: { plan: "pro" } });
  await world.enroll(people(1), { eventId: event.id });
  await world.enroll([{ traits: { age: 20 } }]);
  await world.enroll([{ traits: { age: 5 } }]);
  await world.pass();
  expect(await states(world)).toEqual(["completed all", "exited exit_step out", "completed all"]);
  expect((await world.sends()).map(({ stepId }) => stepId).sort()).toEqual(["all", "all", "pro"]);
  const branched = (await world.decisions()).filter(({ kind }) => kind === "branched");
  expect(branched.map(({ reason, details }) => ({ reason, details }))).toEqual(
    expect.arrayContaining([
      { reason: "branch_taken", details: { branch: 1, values: { "event.plan": "pro" } } },
      { reason: "branch_taken", details: { branch: 2, values: { "event.plan": null, "profile.age": 20 } } },
      { reason: "branch_else", details: { values: { "event.plan": null, "profile.age": 5 } } },
    ]),
  );
});

test("a run stands at its email until that is settled", async () => {
  const world = await makeWorld({
    definition: (id) => ({ trigger, steps: [emailStep("one", id), emailStep("two", id)] }),
  });
  world.fake.answerNext({ kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null });
  await world.enroll(people(1));
  await world.pass();
  expect(await states(world)).toEqual(["active one"]);
  expect(await world.sends()).toHaveLength(1);
  await world.letTimePass();
  await world.pass();
  expect(world.fake.outbox).toHaveLength(2);
  expect(await states(world)).toEqual(["completed two"]);
});

test("a paused automation neither advances nor sends, and both go on when it is live again", async () => {
  const world = await makeWorld({
    definition: (id) => ({ trigger, steps: [emailStep("one", id), emailStep("two", id)] }),
  });
  await world.enroll(people(1));
  world.fake.answerNext({ kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null });
  await world.pass();
  await world.enroll(people(1, 1));
  await setStatus(world, "paused");
  await world.letTimePass();
  expect(await world.pass()).toMatchObject({ sent: 0, remaining: 0 });
  expect((await world.runs()).map(({ dueAt }) => dueAt)).toEqual([null, null]);
  expect((await world.sends()).map(({ status, dueAt }) => [status, dueAt])).toEqual([["queued", null]]);
  expect(world.fake.outbox).toEqual([]);
  await setStatus(world, "live");
  await db.sql("update enrollments set due_at = now() where workspace_id = $1 and status = 'active'", [
    world.workspaceId,
  ]);
  await db.sql("update sends set due_at = now() where workspace_id = $1 and status = 'queued'", [world.workspaceId]);
  await world.pass();
  expect(await states(world)).toEqual(["completed two", "completed two"]);
  expect(world.fake.outbox).toHaveLength(4);
});

test("a resume that overtakes the parking of a run or send finds it due", async () => {
  const world = await makeWorld();
  const { runs } = await world.enroll(people(1));
  const claim = await claimRuns(db, world.tenant, { limit: 10, leaseMs: 10_000 });
  const [run] = claim?.runs ?? [];
  if (!claim || !run) throw new Error("nothing was claimed");
  // It was seen paused, and is live when that is written down.
  const place = { stepId: null, stepDueAt: null, readyAt: run.readyAt };
  await settleRuns(db, claim, [
    {
      run,
      place,
      status: "active",
      reason: null,
      attempt: 0,
      dueAt: claim.at,
      parkFor: world.automation.id,
      notes: [],
    },
  ]);
  expect((await world.runs()).find(({ id }) => id === runs[0]?.id)?.dueAt).not.toBeNull();
  await world.pass();
  expect(world.fake.outbox).toHaveLength(1);
});

test("archiving ends the runs and skips what they had queued", async () => {
  const world = await makeWorld();
  world.fake.answerNext({ kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null });
  await world.enroll(people(1));
  await world.pass();
  await setStatus(world, "archived");
  await world.letTimePass();
  await world.pass();
  expect(await states(world)).toEqual(["exited archived welcome"]);
  expect((await world.sends()).map(({ status }) => status)).toEqual(["skipped"]);
  expect(world.fake.outbox).toEqual([]);
});

test("a step that no longer exists ends the run, a person who became another is written to as that one", async () => {
  const world = await makeWorld();
  await world.enroll(people(1), { stepId: "gone" });
  const { profiles } = await world.enroll(people(1, 1));
  const survivor = await makeProfile(db, { workspaceId: world.workspaceId, email: "survivor@example.com" });
  await db.prisma.profile.updateMany({ where: { id: profiles[0]?.id }, data: { mergedIntoId: survivor.id } });
  await world.pass();
  expect(await states(world)).toEqual(["exited step_removed gone", "completed welcome"]);
  expect(world.fake.outbox.map(({ to }) => to)).toEqual(["survivor@example.com"]);
});

test("of many workers none advances a run that another one has", async () => {
  const world = await makeWorld();
  await world.enroll(people(400));
  const claims = await Promise.all(
    Array.from({ length: 8 }, () => claimRuns(db, world.tenant, { limit: 70, leaseMs: 10_000 })),
  );
  const ids = claims.flatMap((claim) => claim?.runs.map(({ id }) => id) ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(400);
  await world.letTimePass();
  await Promise.all(Array.from({ length: 4 }, () => world.pass()));
  expect(world.fake.outbox).toHaveLength(400);
  expect(new Set(world.fake.acceptedTimes().values())).toEqual(new Set([1]));
});

test("what is decided after the lease has lapsed is lost: no email, no decision", async () => {
  const world = await makeWorld();
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await world.enroll(people(1));
  const slow = advanceWorkspace(world.workspaceId, {
    // Called by nothing here; the lapse is made in between by the claim below.
    chance,
  });
  await slow;
  const late = await claimRuns(db, world.tenant, { limit: 10, leaseMs: 1 });
  expect(late).toBeNull(); // it stands at its email until tomorrow
  await world.letTimePass();
  const first = await claimRuns(db, world.tenant, { limit: 10, leaseMs: 1 });
  await world.letTimePass();
  const second = await claimRuns(db, world.tenant, { limit: 10, leaseMs: 10_000 });
  if (!first || !second || !first.runs[0]) throw new Error("nothing was claimed");
  const [run] = first.runs;
  const settlement = {
    run,
    place: { stepId: "x", stepDueAt: null, readyAt: run.readyAt },
    status: "exited",
    reason: "archived",
    dueAt: null,
    attempt: 0,
    notes: [{ stepId: "x", reason: "archived", details: {} }],
  } as const;
  expect(await settleRuns(db, first, [settlement])).toEqual([run.id]);
  expect((await world.runs())[0]?.status).toBe("active");
  expect((await world.decisions()).some(({ reason }) => reason === "archived")).toBe(false);
  expect(warned).not.toHaveBeenCalled();
});

test("a version that this release cannot read harms only its own runs, and is tried again", async () => {
  const [broken, healthy] = [await makeWorld(), await makeWorld()];
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const definition = { trigger, steps: [{ id: "x", type: "from_the_future" }] };
  await db.prisma.automationVersion.updateMany({ where: { id: broken.automation.version.id }, data: { definition } });
  await broken.enroll(people(1));
  await healthy.enroll(people(1));
  await healthy.pass();
  expect(healthy.fake.outbox).toHaveLength(1);
  const [run] = await broken.runs();
  expect(run).toMatchObject({ status: "active", attempt: 1 });
  expect(run?.dueAt?.getTime()).toBeGreaterThan(Date.now());
  expect(errors).toHaveBeenCalledOnce();
});

test("a run whose outcome the database refuses in every form harms only itself", async () => {
  const world = await makeWorld();
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { runs } = await world.enroll(people(3));
  const [bad] = runs;
  const refuse = `new.id = '${bad?.id}' and new.lease_token is null`;
  await refusing({ table: "enrollments", when: refuse }, () => advanceWorkspace(world.workspaceId, { chance }));
  expect(await states(world)).toEqual(["active", "active welcome", "active welcome"]);
  expect((await world.sends()).map(({ enrollmentId }) => enrollmentId)).toEqual([runs[1]?.id, runs[2]?.id]);
  expect(errors.mock.calls.flat().join()).toContain("could not even be put off");
});

test("what was decided is dated by the database's clock, whatever this process's says", async () => {
  const world = await makeWorld({
    definition: (id) => ({
      trigger,
      steps: [
        {
          id: "all",
          type: "branch",
          branches: [{ when: { field: "profile.age", op: "gte", value: 18 }, steps: [] }],
          else: [],
        },
        emailStep("mail", id),
      ],
    }),
  });
  const ahead = Date.now() + 3_600_000;
  vi.spyOn(Date, "now").mockImplementation(() => ahead);
  world.fake.answerNext({ kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null });
  await world.enroll(people(1));
  await world.pass();
  const rows = await db.sql<{ reason: string; late: boolean }>(
    "select reason, uuid_time(id) > clock_timestamp() as late from decisions where workspace_id = $1 order by id",
    [world.workspaceId],
  );
  expect(rows.map(({ reason, late }) => [reason, late])).toEqual([
    ["branch_else", false],
    ["reached", false],
    ["provider_busy", false],
  ]);
});

test("a person, an event or an automation of another workspace is out of reach", async () => {
  const [mine, theirs] = [await makeWorld(), await makeWorld()];
  const event = await makeEvent(db, { workspaceId: theirs.workspaceId, properties: { secret: "theirs" } });
  await mine.enroll(people(1), { eventId: event.id });
  await mine.pass();
  expect(mine.fake.outbox).toHaveLength(1);
  expect(theirs.fake.outbox).toEqual([]);
  expect(await claimRuns(db, systemTenant((await makeWorkspace(db)).id), { limit: 10, leaseMs: 1_000 })).toBeNull();
});

test("workspaces take turns, so that nobody's backlog keeps another waiting", async () => {
  const [big, small] = [await makeWorld(), await makeWorld()];
  await big.enroll(people(250));
  await small.enroll(people(1));
  const due = await dueWorkspaces(db, { after: null, limit: 10 });
  expect(due).toEqual([big.workspaceId, small.workspaceId].sort());
  expect(await advanceWorkspace(big.workspaceId, { chance })).toMatchObject({ claimed: 200, full: true });
  expect(await dueWorkspaces(db, { after: big.workspaceId, limit: 10 })).toEqual([small.workspaceId]);
  const { workspaceId } = big;
  await db.prisma.workspace.update({ where: { id: workspaceId }, data: { sendingStoppedAt: new Date() } });
  expect(await dueWorkspaces(db, { after: null, limit: 10 })).toEqual([small.workspaceId]);
  await makeEnrollments(db, { workspaceId, automationId: big.automation.id, versionId: big.automation.version.id }, []);
});
