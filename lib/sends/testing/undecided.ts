import { beforeAll } from "vitest";
import { type Actor, rolePermissions, systemTenant, type Tenant } from "../../actor";
import { db } from "../../db";
import {
  makeAutomation,
  makeConnection,
  makeEnrollments,
  makeSendAttempts,
  makeSends,
  makeUser,
  makeWorkspace,
  type SendOver,
} from "../../testing/factory";

export const hour = 3_600_000;
export const ago = (ms: number) => new Date(Date.now() - ms);

// A workspace of the file that imports this, with two people who may decide.
export let workspaceId: string;
export let tenant: Tenant;
export let ana: Actor;
export let ben: Actor;
export let at: { workspaceId: string; connectionId: string; messageStream: string };
let run: { workspaceId: string; automationId: string; versionId: string };

beforeAll(async () => {
  workspaceId = (await makeWorkspace(db)).id;
  tenant = systemTenant(workspaceId);
  [ana, ben] = await Promise.all([person("Ana"), person("Ben")]);
  const connectionId = (await makeConnection(db, { workspaceId })).id;
  const automation = await makeAutomation(db, { workspaceId, connectionId });
  at = { workspaceId, connectionId, messageStream: "broadcast" };
  run = { workspaceId, automationId: automation.id, versionId: automation.version.id };
});

export const person = async (name: string): Promise<Actor> => ({
  kind: "user",
  id: (await makeUser(db, { name })).id,
  workspaceId,
  role: "marketer",
  permissions: rolePermissions.marketer,
});

/** Sends of runs that stand at them, waiting. */
async function standing(count: number, over: SendOver = {}) {
  const runs = await makeEnrollments(
    db,
    run,
    Array.from({ length: count }, () => ({ stepId: "welcome", dueAt: new Date(Date.now() + 24 * hour) })),
  );
  const sends = await makeSends(
    db,
    at,
    runs.map(({ id, profileId }) => ({
      ...at,
      automationId: run.automationId,
      versionId: run.versionId,
      enrollmentId: id,
      stepId: "welcome",
      profileId,
      toEmail: `${id}@example.com`,
      ...over,
    })),
  );
  return sends.map(({ id }) => id);
}

/** Asked, no answer, looked up in a minute. */
export async function unknowns(count: number, over: SendOver = {}) {
  const ids = await standing(count, {
    status: "unknown",
    reason: "no_answer",
    attempts: 1,
    unknownSince: ago(hour),
    dueAt: new Date(Date.now() + 60_000),
    ...over,
  });
  const startedAt = ago(hour);
  await makeSendAttempts(
    db,
    at,
    ids.map((sendId) => ({ ...at, sendId, startedAt, sendBy: startedAt, detail: "no complete answer in time" })),
  );
  return ids;
}
export const unknown = async (over: SendOver = {}) => first(await unknowns(1, over));
export const late = async () =>
  first(await standing(1, { status: "queued", reason: "late", dueAt: null, scheduledAt: ago(30 * hour) }));
const first = ([id]: string[]): string => id ?? "";

export const row = (id: string) => db.prisma.send.findUniqueOrThrow({ where: { workspaceId_id: { workspaceId, id } } });
export const attemptsOf = (sendId: string) =>
  db.prisma.sendAttempt.findMany({ where: { workspaceId, sendId }, orderBy: { number: "asc" } });
export const runOf = async (id: string) =>
  db.prisma.enrollment.findUniqueOrThrow({
    where: { workspaceId_id: { workspaceId, id: (await row(id)).enrollmentId ?? "" } },
  });
export const audits = async (id: string) =>
  (await db.prisma.auditEntry.findMany({ where: { workspaceId }, orderBy: { id: "asc" } })).filter(
    ({ data }) => typeof data === "object" && data !== null && "id" in data && data.id === id,
  );
export const decisionsOf = (sendId: string) =>
  db.prisma.decision.findMany({ where: { workspaceId, sendId }, orderBy: { id: "asc" } });

/** "done", or the code and sentence of a refusal. */
export const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (thrown) => `${thrown.code}: ${thrown.message}`,
  );
