import "server-only";
import { type Actor, permissions } from "../../actor";
import { db } from "../../db";
import { sendEvent } from "../../events";
import { emailStep } from "../../testing/factory";
import { whyPerson } from "../index";
import type { Reason } from "../reasons";
import type { WhyAnswer } from "../schema";
import { makeWorld } from "./world";

/** Brings a code about, for real. @returns the workspace where it then stands written, or is the answer */
export type Case = () => Promise<string>;
export type Cases = Partial<Record<Reason, Case>>;

export const actorIn = (workspaceId: string): Actor => ({
  kind: "secret_key",
  id: "00000000-0000-7000-8000-000000000000",
  workspaceId,
  permissions: new Set(permissions),
});

export const trigger = { type: "event", event: "signed_up", where: null, source: "any" };
/** Steps that begin on `signed_up`; `over` says what else the definition holds. */
export const withSteps =
  (steps: (connectionId: string) => object[], over: object = {}) =>
  (connectionId: string) => ({ trigger, audience: null, reentry: "once", ...over, steps: steps(connectionId) });
export const email = (connectionId: string, over: Parameters<typeof emailStep>[2] = {}) =>
  emailStep("welcome", connectionId, over);

export type World = Awaited<ReturnType<typeof makeWorld>>;
/** A world with one automation of these steps. */
export const worldOf = (steps: (connectionId: string) => object[], over: object = {}): Promise<World> =>
  makeWorld({ definition: withSteps(steps, over) });

/** Somebody does something, told by the customer's server. */
export const happens = (workspaceId: string, event: string, over: object = {}, person = "ada") =>
  sendEvent(actorIn(workspaceId), { event, external_id: person, ...over });
/** Somebody with an address signs up. */
export async function signsUp({ workspaceId }: World, over: object = {}, person = "ada"): Promise<void> {
  await happens(workspaceId, "$identify", { traits: { email: `${person}@example.com` } }, person);
  await happens(workspaceId, "signed_up", over, person);
}

/** What a mistake of these tests' own making does to a table, whatever refers to it. */
export async function tamper(sql: string, values: readonly unknown[]): Promise<void> {
  await db.sql("alter table enrollments disable trigger all");
  await db.sql("alter table sends disable trigger all");
  await db.sql("alter table profiles disable trigger all");
  try {
    await db.sql(sql, [...values]);
  } finally {
    for (const table of ["enrollments", "sends", "profiles"]) await db.sql(`alter table ${table} enable trigger all`);
  }
}

/** Every code that stands written in a workspace. */
export async function storedCodes(workspaceId: string): Promise<string[]> {
  const rows = await db.sql<{ reason: string }>(
    `select reason from decisions where workspace_id = $1
     union select reason from sends where workspace_id = $1 and reason is not null
     union select reason from enrollments where workspace_id = $1 and reason is not null`,
    [workspaceId],
  );
  return rows.map(({ reason }) => reason);
}

/** Every answer that is given about the people of a workspace. */
export async function answersOf(workspaceId: string): Promise<Pick<WhyAnswer, "code" | "sentence">[]> {
  const actor = actorIn(workspaceId);
  const [people, automations] = await Promise.all([
    db.prisma.profile.findMany({ where: { workspaceId }, take: 5 }),
    db.prisma.automation.findMany({ where: { workspaceId }, take: 5 }),
  ]);
  const asked = people.flatMap(({ id }) => automations.map((automation) => ({ id, automation_id: automation.id })));
  const answers: Pick<WhyAnswer, "code" | "sentence">[] = [];
  for (const one of asked) {
    const why = await whyPerson(actor, { ...one, limit: 50 });
    if (why.automation_id === null) throw new Error("asked about one automation, answered about all");
    answers.push(why.answer, ...why.runs.map(({ answer }) => answer));
    answers.push(...why.runs.flatMap(({ sends }) => sends.map(({ answer }) => answer)));
    answers.push(
      ...[why.not_entered ?? []]
        .flat()
        .flatMap((missed) => [missed, ...missed.checked])
        .map(({ reason, sentence }) => ({ code: reason, sentence })),
    );
  }
  return answers;
}
