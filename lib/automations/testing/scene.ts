import "server-only";
import type { Actor } from "../../actor";
import { db } from "../../db";
import { newId } from "../../ids";
import { emailStep, makeAutomation, makeConnection, makeEnrollments, makeSends } from "../../testing/factory";
import { operatorActor } from "../../workspaces";

/** An automation with runs and sends in every state that they can be in, by name. */
export type Scene = {
  actor: Actor;
  workspaceId: string;
  automationId: string;
  runs: Record<string, string>;
  sends: Record<string, string>;
};

const minutes = (n: number) => new Date(Date.now() + n * 60_000);
export const tomorrow = minutes(24 * 60);

export async function makeScene(status: string, { workspaceId }: { workspaceId: string }): Promise<Scene> {
  const connectionId = (await makeConnection(db, { workspaceId })).id;
  const definition = {
    trigger: { type: "event", event: "signed_up" },
    steps: ["queued", "parked", "late", "sending", "unknown", "sent", "retried"].map((id) =>
      emailStep(id, connectionId),
    ),
  };
  const { id: automationId, version } = await makeAutomation(db, { workspaceId, definition, status });
  const at = { workspaceId, automationId, versionId: version.id };
  const states = {
    fresh: { dueAt: minutes(-1) },
    leased: { dueAt: minutes(1), leaseToken: newId() },
    parked: { dueAt: null, stepId: "parked" },
    waiting: { dueAt: tomorrow, stepDueAt: tomorrow, stepId: "delay" },
    parkedWaiting: { dueAt: null, stepDueAt: tomorrow, stepId: "delay" },
    standing: { dueAt: tomorrow, stepId: "queued" },
    standingUnknown: { dueAt: tomorrow, stepId: "unknown" },
    completed: { status: "completed", endedAt: minutes(-5) },
    exited: { status: "exited", reason: "exit_step", endedAt: minutes(-5) },
  };
  const made = await makeEnrollments(db, at, Object.values(states));
  const runs = Object.fromEntries(Object.keys(states).map((name, index) => [name, made[index]?.id ?? ""]));
  const of = (run: string, stepId: string) => ({
    ...at,
    connectionId,
    stepId,
    enrollmentId: runs[run],
    profileId: made.find(({ id }) => id === runs[run])?.profileId,
  });
  const mail = {
    queued: { ...of("standing", "queued"), scheduledAt: minutes(-1) },
    parked: { ...of("parked", "parked"), scheduledAt: minutes(-2), dueAt: null },
    late: { ...of("waiting", "late"), scheduledAt: minutes(-3000), dueAt: null, reason: "late" },
    retried: { ...of("waiting", "retried"), scheduledAt: minutes(-3), dueAt: minutes(5), reason: "provider_busy" },
    sending: { ...of("waiting", "sending"), status: "sending", leaseToken: newId(), dueAt: minutes(1) },
    unknown: { ...of("standingUnknown", "unknown"), status: "unknown", dueAt: minutes(1) },
    sent: { ...of("waiting", "sent"), status: "sent", sentAt: minutes(-5) },
  };
  const sent = await makeSends(db, { workspaceId }, Object.values(mail));
  const sends = Object.fromEntries(Object.keys(mail).map((name, index) => [name, sent[index]?.id ?? ""]));
  return { actor: operatorActor(workspaceId), workspaceId, automationId, runs, sends };
}

const named = <R extends { id: string }>(ids: Record<string, string>, rows: readonly R[]): Record<string, R> =>
  Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, rows.find((row) => row.id === id) as R])); // each was made above

/** Everything as it is in the database now. */
export async function look({ workspaceId, automationId, runs, sends }: Scene) {
  const where = { workspaceId, automationId };
  const automation = await db.prisma.automation.findUniqueOrThrow({
    where: { workspaceId_id: { workspaceId, id: automationId } },
  });
  return {
    automation,
    runs: named(runs, await db.prisma.enrollment.findMany({ where })),
    sends: named(sends, await db.prisma.send.findMany({ where })),
    decisions: await db.prisma.decision.findMany({ where }),
  };
}
