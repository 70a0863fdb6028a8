import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant, type Tenant } from "../actor";
import { db } from "../db";
import { newId } from "../ids";
import { profileIdsOf, profileOf } from "../profiles";
import {
  makeAutomation,
  makeConnection,
  makeEnrollment,
  makeProfile,
  makeSend,
  makeWorkspace,
  nextId,
} from "../testing/factory";
import { onWake } from "../wake";
import { identify, sendEvent } from "./index";

let actor: Actor;
let tenant: Tenant;
beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions), workspaceVersion: 1 };
  tenant = systemTenant(workspaceId);
});

const find = (anyId: string) => profileOf(db, tenant, anyId);
const rows = (sql: string, ...values: unknown[]) => db.sql(sql, [tenant.workspaceId, ...values]);

describe("what belongs to who is merged away", () => {
  type Side = {
    step?: string | null;
    status?: string;
    reason?: string;
    send?: string;
    ready?: number;
    entered?: number;
  };
  /** Two people, each with a run; the older profile first. Then they become one. */
  async function merged(reentry: unknown, older: Side, younger: Side) {
    const connection = await makeConnection(db, { workspaceId: tenant.workspaceId });
    const step = (id: string) => ({ id, type: "exit" });
    const inner = { id: "fork", type: "branch", branches: [{ when: {}, steps: [step("in")] }], else: [step("other")] };
    const { id: automationId, version } = await makeAutomation(db, {
      workspaceId: tenant.workspaceId,
      status: "paused",
      definition: { reentry, steps: [step("first"), inner, step("last")] },
    });
    const at = (seconds = 0) => new Date(Date.UTC(2026, 10, 1) + seconds * 1000);
    const run = async (profileId: string, { step: stepId = null, status = "active", reason, ...side }: Side) => {
      const enrollment = await makeEnrollment(db, {
        ...tenant,
        automationId,
        versionId: version.id,
        profileId,
        stepId,
        status,
        reason: reason ?? null,
        entryKey: reentry === "once" ? "" : nextId(),
        readyAt: at(side.ready),
        createdAt: at(side.entered),
      });
      if (side.send)
        await makeSend(db, {
          ...tenant,
          automationId,
          versionId: version.id,
          connectionId: connection.id,
          enrollmentId: enrollment.id,
          profileId,
          stepId,
          status: side.send,
        });
      return enrollment;
    };
    const [one, two] = [
      await makeProfile(db, { ...tenant, externalId: null, anonymousIds: ["m1"] }),
      await makeProfile(db, { ...tenant, externalId: "M" }),
    ];
    const [first, second] = [await run(one.id, older), await run(two.id, younger)];
    await sendEvent(actor, { event: "viewed", external_id: "M", anonymous_id: "m1" });
    const after = await rows(
      `select e.id, e.profile_id, e.status, e.reason, s.status as send, s.reason as send_reason, s.profile_id as send_of
       from enrollments e left join sends s on s.workspace_id = $1 and s.enrollment_id = e.id where e.workspace_id = $1`,
    );
    const of = (id: string) => after.find((row) => row.id === id);
    return { older: of(first.id), younger: of(second.id), survivor: one.id, gone: two.id, automationId };
  }
  const active = { status: "active", reason: null };
  const lost = { status: "exited", reason: "merged" };

  test.each<[string, Side, Side, "older" | "younger"]>([
    ["a later step", { step: "first" }, { step: "last" }, "younger"],
    ["a step within a branch counts as later than the branch", { step: "in" }, { step: "fork" }, "older"],
    ["else comes after the branches", { step: "in" }, { step: "other" }, "younger"],
    ["the first step against none", {}, { step: "first" }, "younger"],
    [
      "an email that is leaving against one that is queued",
      { step: "last", send: "queued" },
      { step: "last", send: "sending" },
      "younger",
    ],
    ["who was ready first at the same step", { step: "last", ready: 9 }, { step: "last", ready: 3 }, "younger"],
    ["who entered first where all else is equal", { step: "last", entered: 9 }, { step: "last" }, "younger"],
  ])("of two active runs the one furthest along stays: %s", async (_what, older, younger, stays) => {
    for (const reentry of ["once", { once_every: "P30D" }]) {
      await beforeEachAgain();
      const after = await merged(reentry, older, younger);
      expect(after[stays]).toMatchObject({ ...active, profile_id: after.survivor });
      expect(after[stays === "older" ? "younger" : "older"]).toMatchObject(lost);
      const [told] = await rows("select kind, details from decisions where workspace_id = $1 and reason = 'merged'");
      expect(told).toEqual({ kind: "exited", details: { enrollment_id: after[stays]?.id } });
    }
  });
  async function beforeEachAgain() {
    const { id: workspaceId } = await makeWorkspace(db);
    actor = { ...actor, workspaceId };
    tenant = systemTenant(workspaceId);
  }

  test("the queued email of the run that ends is skipped, one that is on its way stays", async () => {
    const queued = await merged("once", { step: "last" }, { step: "first", send: "queued" });
    expect(queued.younger).toMatchObject({ ...lost, send: "skipped", send_reason: "merged_run" });
    await beforeEachAgain();
    const leaving = await merged("once", { step: "last" }, { step: "first", send: "sending" });
    expect(leaving.younger).toMatchObject({ ...lost, send: "sending", send_of: leaving.survivor });
  });

  test("the queued email of the run that stays goes to the survivor", async () => {
    const after = await merged("once", { step: "first" }, { step: "last", send: "queued" });
    expect(after.younger).toMatchObject({ ...active, send: "queued", send_of: after.survivor });
  });

  test("with every_time both go on, as runs of the survivor", async () => {
    const { older, younger, survivor } = await merged("every_time", { step: "first" }, { step: "last" });
    expect([older, younger]).toMatchObject([
      { ...active, profile_id: survivor },
      { ...active, profile_id: survivor },
    ]);
  });

  test("once is once: nobody goes on beside a run that was gone through, whoever of the two it was", async () => {
    const done = await merged("once", { status: "completed" }, { step: "first" });
    expect(done).toMatchObject({ older: { status: "completed" }, younger: lost });
    await beforeEachAgain();
    const other = await merged("once", { step: "first" }, { status: "exited", reason: "exit_event" });
    expect(other).toMatchObject({ older: lost, younger: { status: "exited", reason: "exit_event" } });
  });

  test("once_every looks at how far apart they entered", async () => {
    const day = 86_400;
    const near = await merged({ once_every: "P30D" }, { status: "completed" }, { step: "first", entered: 29 * day });
    expect(near.younger).toMatchObject(lost);
    await beforeEachAgain();
    const far = await merged({ once_every: "P30D" }, { status: "completed" }, { step: "first", entered: 31 * day });
    expect(far.younger).toMatchObject({ ...active, profile_id: far.survivor });
  });

  test("all runs are found with the person, ended ones too", async () => {
    const { survivor, gone } = await merged("once", { status: "completed" }, { status: "completed" });
    expect(await profileIdsOf(db, tenant, survivor)).toEqual([survivor, gone]);
    const held = await rows("select profile_id from enrollments where workspace_id = $1 order by profile_id");
    expect(held).toEqual([{ profile_id: survivor }, { profile_id: gone }]);
  });

  test("an automation that one of them was in takes the person again neither under the one nor the other", async () => {
    await makeAutomation(db, {
      ...tenant,
      definition: {
        trigger: { type: "event", event: "signed_up", where: null, source: "any" },
        audience: null,
        reentry: "once",
        steps: [{ id: "end", type: "exit" }],
      },
    });
    await sendEvent(actor, { event: "viewed", anonymous_id: "e" });
    await sendEvent(actor, { event: "signed_up", external_id: "E" });
    await sendEvent(actor, { event: "signed_up", external_id: "E", anonymous_id: "e" });
    await sendEvent(actor, { event: "signed_up", anonymous_id: "e" });
    const runs = await rows("select profile_id, status from enrollments where workspace_id = $1");
    expect(runs).toEqual([{ profile_id: (await find("e")).id, status: "active" }]);
  });
});

test("when either of them last entered an automation is remembered for the survivor, and the later moment counts", async () => {
  const [older, younger] = [
    await makeProfile(db, { ...tenant, externalId: null, anonymousIds: ["g"] }),
    await makeProfile(db, { ...tenant, externalId: "G" }),
  ];
  const definition = { reentry: { once_every: "P30D" }, steps: [] };
  const [both, one] = [
    await makeAutomation(db, { ...tenant, status: "paused", definition }),
    await makeAutomation(db, { ...tenant, status: "paused", definition }),
  ];
  const gate = (profileId: string, automationId: string, at: string) =>
    rows(
      "insert into entry_gates (workspace_id, profile_id, automation_id, entered_at) values ($1, $2, $3, $4)",
      profileId,
      automationId,
      at,
    );
  await gate(older.id, both.id, "2026-10-01T00:00:00Z");
  await gate(younger.id, both.id, "2026-11-01T00:00:00Z");
  await gate(younger.id, one.id, "2026-09-01T00:00:00Z");
  await sendEvent(actor, { event: "viewed", external_id: "G", anonymous_id: "g" });
  expect(
    await rows(
      "select profile_id, automation_id, entered_at from entry_gates where workspace_id = $1 order by entered_at",
    ),
  ).toEqual([
    { profile_id: older.id, automation_id: one.id, entered_at: new Date("2026-09-01T00:00:00Z") },
    { profile_id: older.id, automation_id: both.id, entered_at: new Date("2026-11-01T00:00:00Z") },
  ]);
});

describe("an email that waits for an address", () => {
  const waiting = async (profileId: string) => {
    const later = new Date(Date.now() + 600_000);
    return makeSend(db, { ...tenant, profileId, reason: "awaiting_email", dueAt: later });
  };
  const due = async (id: string) => {
    const [row] = await rows(
      "select due_at <= clock_timestamp() as due from sends where workspace_id = $1 and id = $2",
      id,
    );
    return row?.due;
  };

  test("is due at once when an event brings it, and the dispatcher is woken", async () => {
    const person = await makeProfile(db, { ...tenant, email: null, externalId: "W" });
    const stranger = await makeProfile(db, { ...tenant, email: null, externalId: "S" });
    const [mine, theirs] = [await waiting(person.id), await waiting(stranger.id)];
    await identify(actor, { external_id: "W", traits: { first_name: "Ada" } });
    expect(await due(mine.id)).toBe(false);
    let woken = 0;
    const stop = onWake(() => {
      woken += 1;
    });
    await identify(actor, { external_id: "W", traits: { email: "ada@example.com" } });
    stop();
    expect([await due(mine.id), await due(theirs.id), woken]).toEqual([true, false, 1]);
  });

  test("is due at once when the other half of the person had it", async () => {
    await makeProfile(db, { ...tenant, email: "ada@example.com", externalId: null, anonymousIds: ["half"] });
    const person = await makeProfile(db, { ...tenant, email: null, externalId: "H" });
    const send = await waiting(person.id);
    await sendEvent(actor, { event: "viewed", external_id: "H", anonymous_id: "half" });
    expect(await due(send.id)).toBe(true);
  });
});
