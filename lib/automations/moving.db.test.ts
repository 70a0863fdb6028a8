import { afterEach, describe, expect, test, vi } from "vitest";
import { db } from "../db";
import { makeWorld, people, quiesce } from "../dispatch/testing/world";
import { sendEvent } from "../events";
import { emailStep, makeEnrollments } from "../testing/factory";
import { operatorActor } from "../workspaces";
import { archiveAutomation, pauseAutomation, previewPublish, publishAutomation, updateAutomation } from "./index";
import { updateAutomationInput } from "./schema";
import { makeRoom, nowhere, refusal, without } from "./testing/room";

// What becomes of who is under way when a new version is published and they are moved to it.
afterEach(quiesce);

const trigger = { type: "event", event: "signed_up" };
const delay = (id: string) => ({ id, type: "delay", for: "P1D" });
type Steps = (connectionId: string) => object[];

async function started(steps: Steps, over: object = {}) {
  const world = await makeWorld({ definition: (id) => ({ trigger, reentry: "once", steps: steps(id), ...over }) });
  const [actor, id] = [operatorActor(world.workspaceId), world.automation.id];
  const edit = async (next: Steps) => {
    const definition = { trigger, steps: next(world.connection.id), ...over };
    await updateAutomation(actor, updateAutomationInput.parse({ id, name: "A", ...definition }));
  };
  return {
    ...world,
    actor,
    id,
    edit,
    preview: () => previewPublish(actor, { id }),
    publish: () => publishAutomation(actor, { id, in_flight: "move" }),
    async move(next: Steps) {
      await edit(next);
      return publishAutomation(actor, { id, in_flight: "move" });
    },
    /** Each person's run: its version, how it stands, and where. */
    async stands() {
      const versions = await db.prisma.automationVersion.findMany({ where: { automationId: id } });
      const numberOf = new Map(versions.map((version) => [version.id, version.number]));
      return (await world.runs()).map(({ versionId, status, reason, stepId }) =>
        [`v${numberOf.get(versionId)}`, status, reason, stepId].filter(Boolean).join(" "),
      );
    },
    mail: async () => (await world.sends()).map(({ stepId, status, reason }) => `${stepId} ${status} ${reason}`),
    reasons: async () => (await world.decisions()).map(({ reason }) => reason),
  };
}
const subjects = (world: { fake: { outbox: { message: { subject: string } }[] } }) =>
  world.fake.outbox.map(({ message }) => message.subject);

describe("a publish that moves who is under way", () => {
  test("lets each go on at the step of the same id, with its due time and with what is new behind it", async () => {
    const world = await started((id) => [delay("pause"), emailStep("mail", id, { subject: "old" })]);
    await world.enroll(people(2));
    await world.pass();
    const before = await world.runs();
    await world.move((id) => [
      { ...delay("pause"), for: "P9D" },
      emailStep("mail", id, { subject: "new" }),
      emailStep("more", id),
    ]);
    const after = await world.runs();
    expect(after.map(({ dueAt, stepDueAt, readyAt }) => ({ dueAt, stepDueAt, readyAt }))).toEqual(
      before.map(({ dueAt, stepDueAt, readyAt }) => ({ dueAt, stepDueAt, readyAt })),
    );
    expect(await world.stands()).toEqual(["v2 active pause", "v2 active pause"]);
    await db.sql(
      "update enrollments set step_due_at = now() - interval '1 second', due_at = now() - interval '1 second' where workspace_id = $1",
      [world.workspaceId],
    );
    await world.pass();
    expect(subjects(world).slice(0, 2)).toEqual(["new", "new"]);
    expect(await world.stands()).toEqual(["v2 completed more", "v2 completed more"]);
    const moved = (await world.decisions()).filter(({ reason }) => reason === "moved");
    expect(moved).toHaveLength(2);
    expect(moved[0]).toMatchObject({ kind: "moved", stepId: "pause", details: { from_version: 1, to_version: 2 } });
  });

  test("ends the runs whose step is gone, says so, and drops what they had queued", async () => {
    const world = await started((id) => [emailStep("mail", id)], { exit_when: [{ event: "deleted" }] });
    world.fake.answerNext({ kind: "not_sent", cause: "busy", rateLimited: false, retryAfterMs: null });
    await world.enroll([{ externalId: "ada" }]);
    await world.pass();
    await sendEvent(world.actor, { event: "deleted", external_id: "ada" });
    await world.move((id) => [emailStep("other", id)]);
    expect(await world.stands()).toEqual(["v1 exited step_removed mail"]);
    expect(await world.mail()).toEqual(["mail skipped run_ended"]);
    expect(await db.prisma.runSignal.count({ where: { workspaceId: world.workspaceId } })).toBe(0);
    expect(await world.reasons()).toEqual(expect.arrayContaining(["step_removed", "run_ended"]));
    await world.letTimePass();
    await world.pass();
    expect(world.fake.outbox).toEqual([]);
  });

  test("leaves queued emails the text of the version that queued them", async () => {
    const world = await started((id) => [
      emailStep("mail", id, { subject: "old" }),
      emailStep("next", id, { subject: "old next" }),
    ]);
    world.fake.answerNext({ kind: "not_sent", cause: "busy", rateLimited: false, retryAfterMs: null });
    await world.enroll(people(1));
    await world.pass();
    await world.move((id) => [
      emailStep("mail", id, { subject: "new" }),
      emailStep("next", id, { subject: "new next" }),
    ]);
    await world.letTimePass();
    await world.pass();
    expect(subjects(world)).toEqual(["old", "new next"]);
    expect(await world.stands()).toEqual(["v2 completed next"]);
  });

  test("passes over what somebody has passed, wherever it stands now: nobody gets an email twice", async () => {
    const world = await started((id) => [emailStep("one", id), delay("first"), emailStep("two", id), delay("second")]);
    await world.enroll(people(1));
    await world.pass();
    await db.sql("update enrollments set step_due_at = now() - interval '1 second' where workspace_id = $1", [
      world.workspaceId,
    ]);
    await world.letTimePass();
    await world.pass();
    expect(await world.stands()).toEqual(["v1 active second"]);
    await world.move((id) => [
      delay("second"),
      emailStep("two", id),
      delay("first"),
      emailStep("three", id),
      emailStep("one", id),
    ]);
    await db.sql("update enrollments set step_due_at = now() - interval '1 second' where workspace_id = $1", [
      world.workspaceId,
    ]);
    await world.letTimePass();
    await world.pass();
    expect(await world.stands()).toEqual(["v2 completed one"]);
    expect((await world.mail()).sort()).toEqual(["one sent null", "three sent null", "two sent null"]);
    expect((await world.reasons()).filter((reason) => reason === "passed_before")).toHaveLength(3);
  });

  test("treats a step that is another kind now as just reached", async () => {
    const world = await started(() => [delay("step")]);
    await world.enroll(people(1));
    await world.pass();
    await world.move((id) => [emailStep("step", id)]);
    await world.pass();
    expect(world.fake.outbox).toHaveLength(1);
    const [send] = await world.sends();
    expect(Date.now() - Number(send?.scheduledAt)).toBeLessThan(10_000);
    expect(await world.stands()).toEqual(["v2 completed step"]);
  });

  test("takes runs away from whoever is deciding about them in the old version", async () => {
    const world = await started((id) => [emailStep("one", id)]);
    const { runs } = await world.enroll(people(1));
    await db.sql("select claim_enrollments($1, 10, uuid_v7(), 60000)", [world.workspaceId]);
    await world.move((id) => [emailStep("two", id)]);
    const [run] = await world.runs();
    expect(run).toMatchObject({ id: runs[0]?.id, leaseToken: null });
    await world.pass();
    expect((await world.mail()).map((line) => line.split(" ")[0])).toEqual(["two"]);
  });

  test("of a paused automation puts back to work what was parked, in the new version", async () => {
    const world = await started((id) => [emailStep("one", id)]);
    await world.enroll(people(2));
    await pauseAutomation(world.actor, { id: world.id, queued: "hold" });
    await world.pass();
    await world.move((id) => [emailStep("two", id)]);
    await world.pass();
    expect(await world.stands()).toEqual(["v2 completed two", "v2 completed two"]);
  });

  test("gathers runs of every older version, and leaves other automations and workspaces alone", async () => {
    const [world, other] = [await started(() => [delay("a")]), await started(() => [delay("a")])];
    await world.enroll(people(1));
    await other.enroll(people(1));
    await world.edit(() => [delay("a"), delay("b")]);
    await publishAutomation(world.actor, { id: world.id, in_flight: "finish" });
    expect(await world.stands()).toEqual(["v1 active"]);
    // Nothing was edited, and yet there is somebody to gather.
    expect(await world.preview()).toMatchObject({
      version: 2,
      people: 1,
      moves: [{ from_version: 1, step_id: null, to: "same" }],
    });
    await world.publish();
    expect(await world.stands()).toEqual(["v2 active"]);
    expect(await other.stands()).toEqual(["v1 active"]);
    expect(await world.preview()).toMatchObject({ people: 0, moves: [] });
  });

  test("while workers advance and deliver loses nobody and sends nothing twice", async () => {
    // The same three emails in the same order, however they are nested and whatever stands between them.
    const mail = (id: string, name: string) => emailStep(name, id);
    const never = { when: { field: "profile.never", op: "exists" }, steps: [] };
    const shapes: Steps[] = [
      (id) => [mail(id, "one"), mail(id, "two"), mail(id, "three")],
      (id) => [mail(id, "one"), { ...delay("gap"), for: "PT0S" }, mail(id, "two"), mail(id, "three")],
      (id) => [
        mail(id, "one"),
        { id: "b", type: "branch", branches: [never], else: [mail(id, "two")] },
        mail(id, "three"),
      ],
      (id) => [
        { id: "c", type: "branch", branches: [never], else: ["one", "two"].map((name) => mail(id, name)) },
        mail(id, "three"),
      ],
    ];
    const world = await started((id) => ["one", "two", "three"].map((name) => emailStep(name, id)));
    await world.enroll(people(200));
    let working = true;
    const workers = Array.from({ length: 3 }, async () => {
      while (working) await world.pass({});
    });
    // Whoever waits for us too long decides anew when their lease has lapsed.
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    for (const shape of [...shapes, ...shapes]) await world.move(shape);
    await vi.waitFor(async () => expect((await world.stands()).filter((run) => run.includes("active"))).toEqual([]), {
      timeout: 20_000,
      interval: 100,
    });
    working = false;
    await Promise.all(workers);
    expect(new Set(world.fake.acceptedTimes().values())).toEqual(new Set([1]));
    expect(world.fake.outbox.length).toBe(600);
    expect((await world.stands()).every((run) => run.includes("completed"))).toBe(true);
  }, 90_000);
});

describe("a preview of a publish", () => {
  test("tells who would be moved and whose run would end, by version and step", async () => {
    const world = await started(() => [delay("a"), delay("b"), delay("c")]);
    const run = { workspaceId: world.workspaceId, automationId: world.id, versionId: world.automation.version.id };
    await makeEnrollments(db, run, [
      ...Array(3).fill({ stepId: "a" }),
      ...Array(2).fill({ stepId: "b" }),
      { stepId: null },
      { stepId: "b", status: "completed" },
    ]);
    await world.edit(() => [{ id: "a", type: "exit" }, delay("c")]);
    // Another kind of step under the same id: they begin it at once, which the preview says.
    expect(await world.preview()).toEqual({
      version: 2,
      moves: [
        { from_version: 1, step_id: null, people: 1, to: "same" },
        { from_version: 1, step_id: "a", people: 3, to: "changed" },
        { from_version: 1, step_id: "b", people: 2, to: "gone" },
      ],
      people: 6,
      removed: 2,
    });
    expect(await world.stands()).toHaveLength(7);
    await world.publish();
    const entry = await db.prisma.auditEntry.findFirst({
      where: { workspaceId: world.workspaceId, action: "automation.published" },
    });
    expect(entry?.data).toMatchObject({ version: 2, moved: 4, removed: 2 });
  });

  test("is for who may read automations, of their own workspace, that can be published", async () => {
    const world = await started(() => [delay("a")]);
    const stranger = (await makeRoom()).actor;
    expect(await refusal(previewPublish(stranger, { id: world.id }))).toMatchObject({ code: "not_found" });
    expect(await refusal(previewPublish(world.actor, { id: nowhere }))).toMatchObject({ code: "not_found" });
    const blind = without(world.actor, "automations:read");
    expect(await refusal(previewPublish(blind, { id: world.id }))).toMatchObject({ code: "forbidden" });
    await archiveAutomation(world.actor, { id: world.id });
    expect(await refusal(world.preview())).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("archived"),
    });
  });
});

test("moving many takes one statement, and little time for each of them", async () => {
  const world = await started(() => [delay("a"), delay("b"), delay("c")]);
  const many = 2_000;
  await db.sql(
    `with p as (insert into profiles (workspace_id, id) select $1, uuid_v7() from generate_series(1, $4) returning id)
     insert into enrollments (workspace_id, id, automation_id, version_id, profile_id, entry_key, step_id, step_due_at, ready_at, due_at)
     select $1, uuid_v7(), $2, $3, id, '', (array['a', 'b', 'c'])[1 + (row_number() over ())::int % 3], now() + interval '1 day', now(), now() + interval '1 day' from p`,
    [world.workspaceId, world.id, world.automation.version.id, many],
  );
  await world.edit(() => [delay("a"), delay("b")]);
  const startedMs = performance.now();
  await world.publish();
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  const by = new Map<string, number>();
  for (const run of await world.stands()) by.set(run, (by.get(run) ?? 0) + 1);
  expect([...by.keys()].sort()).toEqual(["v1 exited step_removed c", "v2 active a", "v2 active b"]);
  expect([...by.values()].reduce((sum, count) => sum + count, 0)).toBe(many);
});
