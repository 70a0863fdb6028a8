import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, permissions, rolePermissions } from "../actor";
import { db } from "../db";
import {
  makeAutomation,
  makeConnection,
  makeDecisions,
  makeEngagementEvents,
  makeEnrollment,
  makeProfile,
  makeSend,
  makeSendAttempts,
  makeSends,
  makeWorkspace,
  nextId,
} from "../testing/factory";
import { onWake } from "../wake";
import { getSend, listSends, resumeSending, stopSending } from "./index";
import { listSendsInput, sendPage, sendWithEvents } from "./schema";

const actorIn = (workspaceId: string): Actor => ({
  kind: "operator",
  id: "cli",
  workspaceId,
  permissions: new Set(permissions),
});
const list = async (actor: Actor, input: Record<string, unknown> = {}) =>
  sendPage.parse(await listSends(actor, listSendsInput.parse(input)));
const ids = async (actor: Actor, input: Record<string, unknown>) => (await list(actor, input)).data.map(({ id }) => id);

async function world(over: { connection?: object; automation?: object } = {}) {
  const workspaceId = (await makeWorkspace(db)).id;
  const connection = await makeConnection(db, { workspaceId, ...over.connection });
  const automation = await makeAutomation(db, { workspaceId, connectionId: connection.id, ...over.automation });
  const at = { workspaceId, connectionId: connection.id, automationId: automation.id };
  return { workspaceId, connection, automation, at, actor: actorIn(workspaceId) };
}

describe("stopping all sending", () => {
  let rung = 0;
  beforeAll(() =>
    onWake(() => {
      rung += 1;
    }),
  );

  const hour = 3_600_000;
  async function backlog() {
    const made = await world();
    const { at, workspaceId, automation } = made;
    const run = await makeEnrollment(db, {
      workspaceId,
      automationId: automation.id,
      versionId: automation.version.id,
      stepId: "welcome",
      dueAt: null,
    });
    const overdue = await makeSend(db, {
      ...at,
      enrollmentId: run.id,
      stepId: "welcome",
      profileId: run.profileId,
      scheduledAt: new Date(Date.now() - hour),
    });
    const later = await makeSend(db, { ...at, scheduledAt: new Date(Date.now() + hour) });
    const test = await makeSend(db, {
      ...at,
      automationId: null,
      kind: "test",
      scheduledAt: new Date(Date.now() - hour),
    });
    return { ...made, run, overdue, later, test };
  }
  const statuses = async (workspaceId: string, sends: { id: string }[]) => {
    const rows = await db.prisma.send.findMany({ where: { workspaceId } });
    return sends.map(({ id }) => rows.find((row) => row.id === id)?.status);
  };

  test("holds what waits, and resuming lets it go", async () => {
    const { actor, workspaceId, overdue, later } = await backlog();
    const stopped = await stopSending(actor, { queued: "hold" });
    expect(stopped).toEqual({ sending_stopped_at: expect.any(String), skipped: 0 });
    expect(await stopSending(actor, { queued: "hold" })).toEqual(stopped);
    const before = rung;
    expect(await resumeSending(actor, { overdue: "send" })).toEqual({ sending_stopped_at: null, skipped: 0 });
    expect(rung).toBeGreaterThan(before);
    expect(await statuses(workspaceId, [overdue, later])).toEqual(["queued", "queued"]);
  });

  test("can drop on resuming what was to leave meanwhile: its run goes on and leaves out what else is overdue", async () => {
    const { actor, workspaceId, overdue, later, test: probe, run, automation } = await backlog();
    const due = await makeEnrollment(db, {
      workspaceId,
      automationId: automation.id,
      versionId: automation.version.id,
    });
    const waiting = await makeEnrollment(db, {
      workspaceId,
      automationId: automation.id,
      versionId: automation.version.id,
      dueAt: new Date(Date.now() + hour),
    });
    const bystander = await backlog();
    await stopSending(actor, { queued: "hold" });
    expect(await resumeSending(actor, { overdue: "skip" })).toMatchObject({ sending_stopped_at: null, skipped: 1 });
    expect(await statuses(workspaceId, [overdue, later, probe])).toEqual(["skipped", "queued", "queued"]);
    const skipped = await getSend(actor, { id: overdue.id });
    expect(skipped).toMatchObject({ reason: "overdue" });
    expect(skipped.events.map(({ type }) => type)).toEqual(["queued", "skipped"]);
    const runs = await db.prisma.enrollment.findMany({ where: { workspaceId } });
    const runOf = (id: string) => runs.find((row) => row.id === id);
    expect(runOf(run.id)?.dueAt?.getTime()).toBeLessThanOrEqual(Date.now());
    expect(runOf(run.id)?.overdueSkipBefore).not.toBeNull();
    expect(runOf(due.id)?.overdueSkipBefore).not.toBeNull();
    expect(runOf(waiting.id)?.overdueSkipBefore).toBeNull();
    expect(await statuses(bystander.workspaceId, [bystander.overdue])).toEqual(["queued"]);
  });

  test("can drop everything that waits at once", async () => {
    const { actor, workspaceId, overdue, later, test: probe } = await backlog();
    expect(await stopSending(actor, { queued: "skip" })).toMatchObject({ skipped: 2 });
    expect(await statuses(workspaceId, [overdue, later, probe])).toEqual(["skipped", "skipped", "queued"]);
  });

  test("is not for viewers", async () => {
    const { workspaceId } = await world();
    const viewer: Actor = {
      ...actorIn(workspaceId),
      kind: "user",
      role: "viewer",
      permissions: rolePermissions.viewer,
    };
    await expect(stopSending(viewer, { queued: "hold" })).rejects.toMatchObject({ code: "forbidden" });
    await expect(resumeSending(viewer, { overdue: "send" })).rejects.toMatchObject({ code: "forbidden" });
    expect((await list(viewer)).data).toEqual([]);
  });
});

describe("the send log", () => {
  test("shows a send as the API promises, and nothing of another workspace", async () => {
    const { at, actor, workspaceId, connection, automation } = await world();
    const { id } = await makeSend(db, {
      ...at,
      toEmail: "ana@example.com",
      fromEmail: "hello@example.com",
      subject: "Hi",
    });
    const [send] = (await list(actor)).data;
    expect(send).toEqual({
      id,
      project_id: workspaceId,
      automation_id: automation.id,
      enrollment_id: null,
      step_id: null,
      email_provider_id: connection.id,
      profile_id: null,
      to: "ana@example.com",
      from: "hello@example.com",
      subject: "Hi",
      message_stream: "broadcast",
      status: "queued",
      reason: null,
      provider_message_id: null,
      attempts: 0,
      created_at: expect.any(String),
      sent_at: null,
      delivered_at: null,
      opened_at: null,
      clicked_at: null,
      opens: 0,
      clicks: 0,
      waiting_since: expect.any(String),
      due_at: expect.any(String),
    });
    const stranger = actorIn((await makeWorkspace(db)).id);
    expect(await ids(stranger, {})).toEqual([]);
    await expect(getSend(stranger, { id })).rejects.toMatchObject({ code: "not_found" });
    await expect(getSend(actor, { id: "no-id" })).rejects.toMatchObject({ code: "not_found" });
    await expect(getSend(actor, { id: nextId() })).rejects.toMatchObject({ code: "not_found" });
  });

  test("is filtered by why a send waits or ended, as it is shown, and by being held at all", async () => {
    const { at, actor, workspaceId } = await world();
    const paused = await makeAutomation(db, { workspaceId, connectionId: at.connectionId, status: "paused" });
    const failing = await makeConnection(db, { workspaceId, status: "failing" });
    const held = { ...at, connectionId: failing.id };
    const made = await makeSends(db, { workspaceId }, [
      { ...at },
      { ...at, reason: "late", dueAt: null },
      { ...at, automationId: paused.id, dueAt: null },
      { ...held, reason: "provider_busy" },
      { ...held, reason: "late", dueAt: null },
      { ...at, reason: "provider_busy" },
      { ...at, status: "unknown", reason: "cannot_know", unknownSince: new Date() },
      { ...at, status: "skipped", reason: "suppressed" },
    ]);
    const [turn, late, parked, failed, lateToo, busy, unknown, skipped] = made.map(({ id }) => id);
    expect(await ids(actor, { reason: "late" })).toEqual([lateToo, late]);
    expect(await ids(actor, { reason: "paused" })).toEqual([parked]);
    expect(await ids(actor, { reason: "connection_failing" })).toEqual([failed]);
    expect(await ids(actor, { reason: "provider_busy" })).toEqual([busy]);
    expect(await ids(actor, { status: "unknown", reason: "cannot_know" })).toEqual([unknown]);
    expect(await ids(actor, { reason: "suppressed" })).toEqual([skipped]);
    expect(await ids(actor, { held: "true" })).toEqual([lateToo, failed, parked, late]);
    expect(await ids(actor, { held: "true", reason: "late" })).toEqual([lateToo, late]);
    expect(await ids(actor, { held: "false", status: "queued" })).toEqual([busy, turn]);
    const [first] = (await list(actor, { held: "true", limit: 1 })).data;
    expect(first).toMatchObject({ reason: "late", due_at: null, waiting_since: expect.any(String) });
  });

  test("is filtered by each of its fields, and by several at once", async () => {
    const { at, actor, workspaceId } = await world();
    const profile = await makeProfile(db, { workspaceId, externalId: "user_42" });
    const other = await makeConnection(db, { workspaceId });
    const [one, two, three] = await makeSends(db, { workspaceId }, [
      { ...at, toEmail: "Ana@example.com", subject: "Welcome 50% off_", status: "sent", providerMessageId: "m-1" },
      { ...at, toEmail: "anabel@example.com", subject: "Later", status: "bounced", profileId: profile.id },
      {
        ...at,
        automationId: null,
        connectionId: other.id,
        toEmail: "ben@example.com",
        subject: "Your welcome",
        status: "sent",
      },
    ]);
    const [a, b, c] = [one?.id ?? "", two?.id ?? "", three?.id ?? ""];
    expect(await ids(actor, { status: "sent" })).toEqual([c, a]);
    expect(await ids(actor, { email: "ana@EXAMPLE.com" })).toEqual([a]);
    expect(await ids(actor, { automation_id: at.automationId })).toEqual([b, a]);
    expect(await ids(actor, { message_id: "m-1" })).toEqual([a]);
    expect(await ids(actor, { connection_id: other.id })).toEqual([c]);
    expect(await ids(actor, { profile_id: "user_42" })).toEqual([b]);
    expect(await ids(actor, { profile_id: "nobody" })).toEqual([]);
    expect(await ids(actor, { automation_id: "no-id" })).toEqual([]);
    expect(await ids(actor, { status: "sent", connection_id: other.id })).toEqual([c]);
    expect(await ids(actor, { status: "sent", automation_id: at.automationId })).toEqual([a]);
    expect(await ids(actor, { q: "ana" })).toEqual([b, a]);
    expect(await ids(actor, { q: "WELCOME" })).toEqual([c, a]);
    expect(await ids(actor, { q: "50% off_" })).toEqual([a]);
    expect(await ids(actor, { q: "%" })).toEqual([a]);
    expect(await ids(actor, { q: a })).toEqual([a]);
    expect(await ids(actor, { q: "m-1" })).toEqual([a]);
    expect(await ids(actor, { q: "welcome", status: "sent", connection_id: other.id })).toEqual([c]);
    expect(await ids(actor, { q: nextId() })).toEqual([]);
  });

  test("goes page by page without losing or repeating any", async () => {
    const { at, actor, workspaceId } = await world();
    const made = await makeSends(
      db,
      { workspaceId },
      Array.from({ length: 7 }, () => ({ ...at, toEmail: "x@example.com" })),
    );
    for (const filter of [{}, { q: "x@" }, { status: "queued", connection_id: at.connectionId }]) {
      const seen: string[] = [];
      let cursor: string | null | undefined;
      do {
        const page = await list(actor, { ...filter, limit: 3, ...(cursor && { cursor }) });
        seen.push(...page.data.map(({ id }) => id));
        cursor = page.next_cursor;
      } while (cursor);
      expect(seen).toEqual(made.map(({ id }) => id).reverse());
    }
  });

  test("finds what is common and what is rare without walking more than a stretch at a time", async () => {
    const { at, actor, workspaceId } = await world();
    const other = await makeConnection(db, { workspaceId });
    const rare = await makeSend(db, { ...at, connectionId: other.id, toEmail: "rare@example.com" });
    await db.sql(
      `insert into sends (workspace_id, id, connection_id, message_stream, scheduled_at, to_email)
       select $1, uuid_v7(), $2, 'broadcast', now(), 'person' || i || '@example.com' from generate_series(1, 5200) i`,
      [workspaceId, at.connectionId],
    );
    expect(await ids(actor, { q: "rare@" })).toEqual([rare.id]);
    const common = await list(actor, { q: "person", limit: 2 });
    expect(common.data).toHaveLength(2);
    const first = await list(actor, { connection_id: other.id });
    expect(first.data).toEqual([]);
    expect(first.next_cursor).not.toBeNull();
    const second = await list(actor, { connection_id: other.id, cursor: first.next_cursor });
    expect(second.data.map(({ id }) => id)).toEqual([rare.id]);
    expect(second.next_cursor).toBeNull();
  });

  test.each([
    [{ connection: { status: "failing" } }, "connection_failing"],
    [{ connection: { status: "disabled" } }, "connection_disabled"],
    [{ automation: { status: "paused" } }, "paused"],
  ])("says why a queued send stands still: %j", async (over, reason) => {
    const { at, actor } = await world(over);
    const queued = await makeSend(db, at);
    const own = await makeSend(db, { ...at, reason: "late" });
    const sent = await makeSend(db, { ...at, status: "sent" });
    expect(await getSend(actor, { id: queued.id })).toMatchObject({ status: "queued", reason });
    expect((await getSend(actor, { id: own.id })).reason).toBe("late");
    const busy = await makeSend(db, { ...at, reason: "provider_busy" });
    expect((await getSend(actor, { id: busy.id })).reason).toBe(reason ?? "provider_busy");
    expect((await getSend(actor, { id: sent.id })).reason).toBeNull();
    await stopSending(actor, { queued: "hold" });
    expect((await getSend(actor, { id: queued.id })).reason).toBe("sending_stopped");
  });
});

test("one send tells its whole history, oldest first", async () => {
  const { at, actor, workspaceId, automation } = await world();
  const run = await makeEnrollment(db, { workspaceId, automationId: automation.id, versionId: automation.version.id });
  const minute = (index: number) => new Date(Date.UTC(2026, 10, 20, 12, index));
  const send = await makeSend(db, {
    ...at,
    enrollmentId: run.id,
    stepId: "welcome",
    profileId: run.profileId,
    status: "failed",
    reason: "refused",
    detail: "Inactive recipient",
    createdAt: minute(0),
    sentAt: minute(2),
    providerMessageId: "m-1",
  });
  await makeSendAttempts(db, { workspaceId }, [
    {
      sendId: send.id,
      connectionId: at.connectionId,
      messageStream: "broadcast",
      startedAt: minute(1),
      outcome: "accepted",
    },
  ]);
  await makeEngagementEvents(db, { workspaceId }, [{ sendId: send.id, kind: "opened", occurredAt: minute(3) }]);
  await makeDecisions(db, { workspaceId }, [
    {
      profileId: run.profileId,
      enrollmentId: run.id,
      sendId: send.id,
      kind: "failed",
      reason: "refused",
      id: nextId(minute(4)),
    },
    { profileId: run.profileId, enrollmentId: run.id, kind: "skipped", reason: "overdue", id: nextId(minute(4)) },
  ]);
  const { events } = sendWithEvents.parse(await getSend(actor, { id: send.id }));
  expect(events.map(({ type }) => type)).toEqual(["queued", "attempt", "sent", "opened", "failed"]);
  expect(events[1]?.data).toMatchObject({ number: 1, outcome: "accepted" });
  expect(events[2]?.data).toEqual({ provider_message_id: "m-1" });
  expect(events[4]?.data).toEqual({ reason: "refused", detail: "Inactive recipient" });
});
