import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, systemTenant } from "../actor";
import { db, transaction } from "../db";
import { newId } from "../ids";
import { makeWorkspace } from "../testing/factory";
import { somebodyWaits } from "../testing/locks";
import { archiveAutomation, getAutomation, liveTriggers, pauseAutomation, resumeAutomation } from "./index";
import { nowhere, outside, refusal } from "./testing/room";
import { look, makeScene, type Scene, tomorrow } from "./testing/scene";

const isDue = (at: Date | null | undefined) => at instanceof Date && at.getTime() <= Date.now();
const skippedOf = (sends: Record<string, { status: string; reason: string | null }>) =>
  Object.entries(sends).flatMap(([name, { status, reason }]) => (status === "skipped" ? [`${name} ${reason}`] : []));

let live: Scene;
let paused: Scene;
/** In the same workspace and in another, each with the same in it. */
let bystanders: Scene[];
beforeEach(async () => {
  const [mine, theirs] = [await makeWorkspace(db), await makeWorkspace(db)];
  live = await makeScene("live", { workspaceId: mine.id });
  paused = await makeScene("paused", { workspaceId: mine.id });
  bystanders = [
    await makeScene("paused", { workspaceId: mine.id }),
    await makeScene("paused", { workspaceId: theirs.id }),
  ];
});
async function untouched(work: () => Promise<void>) {
  const before = await Promise.all(bystanders.map(look));
  await work();
  expect(await Promise.all(bystanders.map(look))).toEqual(before);
}
const versionOf = async ({ workspaceId }: Scene) =>
  (await db.prisma.workspace.findUniqueOrThrow({ where: { id: workspaceId } })).version;

describe("pause", () => {
  const pause = (at: Scene, queued: "hold" | "skip" = "hold") =>
    pauseAutomation(at.actor, { id: at.automationId, queued });

  test("holding: nobody enters any more, and runs and sends stay as they are", () =>
    untouched(async () => {
      const [before, version] = [await look(live), await versionOf(live)];
      expect(await pause(live)).toMatchObject({ status: "paused", definition_error: null });
      const after = await look(live);
      expect(after.automation.pausedAt).toBeInstanceOf(Date);
      expect(after.sends).toEqual(before.sends);
      const { leased: _was, ...restBefore } = before.runs;
      const { leased, ...restAfter } = after.runs;
      expect(restAfter).toEqual(restBefore);
      expect(leased).toMatchObject({ status: "active", leaseToken: null });
      expect(await versionOf(live)).toBe(version + 1);
      const triggers = await liveTriggers(db, systemTenant(live.workspaceId));
      expect(triggers.map(({ automationId }) => automationId)).not.toContain(live.automationId);
    }));

  test("what was being decided about a run before the pause is not written after it", async () => {
    const tokens = [newId()];
    await db.sql("select * from claim_enrollments($1, 100, $2, 30000)", [live.workspaceId, tokens[0]]);
    await pause(live);
    const runs = [{ id: live.runs.fresh, status: "completed", attempt: 0, ready_at: new Date() }];
    const lost = await db.sql<{ lost: string }>("select lost from settle_enrollments($1, $2, $3::jsonb, '[]', '[]')", [
      live.workspaceId,
      tokens[0],
      JSON.stringify(runs),
    ]);
    expect(lost).toEqual([{ lost: live.runs.fresh }]);
    expect((await look(live)).runs.fresh).toMatchObject({ status: "active", leaseToken: null });
  });

  test("skipping: what is queued is dropped and says why, and its people are ready to go on past it", () =>
    untouched(async () => {
      await pause(live, "skip");
      const { runs, sends, decisions } = await look(live);
      expect(skippedOf(sends).sort()).toEqual(["late paused", "parked paused", "queued paused", "retried paused"]);
      expect([sends.sending?.status, sends.unknown?.status, sends.sent?.status]).toEqual([
        "sending",
        "unknown",
        "sent",
      ]);
      expect(
        Object.values(sends)
          .filter(({ status }) => status === "skipped")
          .every(({ dueAt }) => dueAt === null),
      ).toBe(true);
      expect(isDue(runs.standing?.dueAt)).toBe(true);
      expect(isDue(runs.parked?.dueAt)).toBe(true);
      expect(runs.waiting?.dueAt).toEqual(tomorrow);
      expect(runs.standingUnknown?.dueAt).toEqual(tomorrow);
      expect(decisions.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual(Array(4).fill("skipped paused"));
    }));

  test("again, on a paused one, drops what was held so far and keeps the moment of the pause", async () => {
    await pause(live);
    const { automation } = await look(live);
    expect(await pause(live, "skip")).toMatchObject({ status: "paused" });
    const after = await look(live);
    expect(after.sends.queued).toMatchObject({ status: "skipped", reason: "paused" });
    expect(after.automation.pausedAt).toEqual(automation.pausedAt);
  });
});

describe("resume", () => {
  const resume = (at: Scene, overdue: "send" | "skip" = "send") =>
    resumeAutomation(at.actor, { id: at.automationId, overdue });

  test("sending: what was parked is due, who still has to wait waits, and what a person decides about stays", () =>
    untouched(async () => {
      const version = await versionOf(paused);
      const before = await look(paused);
      expect(await resume(paused)).toMatchObject({ status: "live" });
      const { automation, runs, sends } = await look(paused);
      expect(automation.pausedAt).toBeNull();
      expect(await versionOf(paused)).toBe(version + 1);
      expect(isDue(runs.parked?.dueAt)).toBe(true);
      expect(runs.parkedWaiting?.dueAt).toEqual(tomorrow);
      for (const name of ["fresh", "leased", "waiting", "standing", "completed", "exited"])
        expect(runs[name]).toEqual(before.runs[name]);
      expect(Object.values(runs).every((run) => run.overdueSkipBefore === null)).toBe(true);
      expect(isDue(sends.parked?.dueAt)).toBe(true);
      expect(sends.parked).toMatchObject({ status: "queued", reason: null });
      const { parked: _before, ...restBefore } = before.sends;
      const { parked: _after, ...restAfter } = sends;
      expect(restAfter).toEqual(restBefore);
    }));

  test("skipping: overdue sends are dropped, and runs whose time had come leave out what they were about to send", () =>
    untouched(async () => {
      await resume(paused, "skip");
      const { runs, sends, decisions } = await look(paused);
      expect(skippedOf(sends).sort()).toEqual(["late overdue", "parked overdue", "queued overdue", "retried overdue"]);
      expect(sends.sending?.status).toBe("sending");
      const marked = Object.entries(runs).flatMap(([name, run]) => (run.overdueSkipBefore ? [name] : []));
      expect(marked.sort()).toEqual(["fresh", "leased", "parked", "standing", "standingUnknown"]);
      for (const name of ["fresh", "parked", "standing"])
        expect([name, isDue(runs[name]?.dueAt)]).toEqual([name, true]);
      expect([runs.waiting?.dueAt, runs.parkedWaiting?.dueAt]).toEqual([tomorrow, tomorrow]);
      expect(runs.leased?.leaseToken).not.toBeNull();
      expect(decisions.map(({ reason }) => reason)).toEqual(Array(4).fill("overdue"));
    }));

  test("a send that was to leave only later is not overdue", async () => {
    const { sends, workspaceId } = paused;
    const id = sends.queued ?? "";
    await db.prisma.send.update({ where: { workspaceId_id: { workspaceId, id } }, data: { scheduledAt: tomorrow } });
    await resume(paused, "skip");
    expect((await look(paused)).sends.queued).toMatchObject({ status: "queued" });
  });

  test("nothing is parked behind its back: what the engine parks in that very moment is released too", async () => {
    const { workspaceId, automationId, runs } = paused;
    const key = { workspaceId_id: { workspaceId, id: runs.fresh ?? "" } };
    let resumed: Promise<unknown> = Promise.resolve();
    await transaction(async (tx) => {
      // As settle_enrollments does: surely paused, so it leaves the queue.
      await tx.sql("select 1 from automations where workspace_id = $1 and id = $2 and status <> 'live' for share", [
        workspaceId,
        automationId,
      ]);
      await tx.prisma.enrollment.update({ where: key, data: { dueAt: null } });
      resumed = outside(() => resume(paused));
      await somebodyWaits();
    });
    await resumed;
    expect(isDue((await db.prisma.enrollment.findUniqueOrThrow({ where: key })).dueAt)).toBe(true);
  });
});

describe("archive", () => {
  test.each(["live", "paused"] as const)(
    "of a %s one ends its runs and drops what has not left; facts to come are still taken",
    (status) =>
      untouched(async () => {
        const at = status === "live" ? live : paused;
        const version = await versionOf(at);
        const before = await look(at);
        expect(await archiveAutomation(at.actor, { id: at.automationId })).toMatchObject({
          status: "archived",
          counts: { active: 0, completed: 1, exited: 8 },
        });
        expect(await versionOf(at)).toBe(version + 1);
        const { automation, runs, sends, decisions } = await look(at);
        expect(automation.pausedAt).toBeNull();
        const { completed, exited, ...ended } = runs;
        expect([completed, exited]).toEqual([before.runs.completed, before.runs.exited]);
        for (const run of Object.values(ended))
          expect(run).toMatchObject({
            status: "exited",
            reason: "archived",
            dueAt: null,
            leaseToken: null,
            endedAt: expect.any(Date),
          });
        expect(skippedOf(sends).sort()).toEqual(
          ["late", "parked", "queued", "retried"].map((name) => `${name} automation_archived`),
        );
        for (const name of ["sending", "unknown", "sent"]) expect(sends[name]).toEqual(before.sends[name]);
        const said = decisions.filter(({ kind }) => kind === "exited");
        expect(said.map(({ enrollmentId }) => enrollmentId).sort()).toEqual(
          Object.values(ended)
            .map(({ id }) => id)
            .sort(),
        );
      }),
  );
});

describe("who and when", () => {
  const ways = {
    pause: (actor: Actor, id: string) => pauseAutomation(actor, { id, queued: "skip" }),
    resume: (actor: Actor, id: string) => resumeAutomation(actor, { id, overdue: "skip" }),
    archive: (actor: Actor, id: string) => archiveAutomation(actor, { id }),
  };
  test.each([
    ["draft", "pause"],
    ["draft", "resume"],
    ["live", "resume"],
    ["archived", "pause"],
    ["archived", "resume"],
    ["archived", "archive"],
  ] as const)("what is %s refuses to %s, and nothing of it changes", async (status, way) => {
    const at = await makeScene(status, live);
    const [before, version] = [await look(at), await versionOf(at)];
    expect((await refusal(ways[way](at.actor, at.automationId))).code).toBe("conflict");
    expect([await look(at), await versionOf(at)]).toEqual([before, version]);
  });

  test.each(["pause", "resume", "archive"] as const)(
    "nobody can %s another workspace's automation, nor one that does not exist, nor without the permission",
    (way) =>
      untouched(async () => {
        const [, foreign] = bystanders;
        for (const id of [foreign?.automationId ?? "", nowhere, "nonsense"])
          expect((await refusal(ways[way](live.actor, id))).code).toBe("not_found");
        const viewer: Actor = { ...live.actor, kind: "user", permissions: new Set(["automations:read"]) };
        expect((await refusal(ways[way](viewer, live.automationId))).code).toBe("forbidden");
        expect(await getAutomation(viewer, { id: live.automationId })).toMatchObject({ status: "live" });
      }),
  );

  test("pause, resume and archive at the same moment leave nothing half done", async () => {
    const { actor, automationId: id } = live;
    const results = await Promise.allSettled([
      pauseAutomation(actor, { id, queued: "skip" }),
      resumeAutomation(actor, { id, overdue: "send" }),
      archiveAutomation(actor, { id }),
    ]);
    expect(results[2]?.status).toBe("fulfilled");
    const { automation, runs, sends } = await look(live);
    expect(automation.status).toBe("archived");
    expect(Object.values(runs).filter(({ status }) => status === "active")).toEqual([]);
    expect(Object.values(sends).filter(({ status }) => status === "queued")).toEqual([]);
  });
});
