import "server-only";
import { type Actor, permissions } from "../../actor";
import { db } from "../../db";
import { sendEvent } from "../../events";
import { newId } from "../../ids";
import type { makeWorld } from "./world";

/** What tests of the rules are made of: definitions, a person named Ada, and what happens to her. */
export type World = Awaited<ReturnType<typeof makeWorld>>;
export const base = { trigger: { type: "event", event: "signed_up", where: null, source: "any" }, reentry: "once" };
export const exit = (id: string) => ({ id, type: "exit" });
export const day = { id: "pause", type: "delay", for: "P1D" };
export const waitFor = (id: string, then: object[], otherwise: object[] = [], over: object = {}) => ({
  id,
  type: "wait_for",
  event: "activated",
  timeout: "PT4H",
  then,
  else: otherwise,
  ...over,
});
export const actorOf = ({ workspaceId }: World): Actor => ({
  kind: "secret_key",
  id: newId(),
  workspaceId,
  permissions: new Set(permissions),
});
export const happen = (world: World, event: string, external_id = "ada", properties: object = {}) =>
  sendEvent(actorOf(world), { event, external_id, properties });
export const ada = { externalId: "ada", email: "ada@example.com" };
export const ends = async (world: World) =>
  (await world.runs()).map(({ status, reason, stepId }) => [status, reason, stepId].filter(Boolean).join(" "));
export const refused = { kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null } as const;
/** As if that long had gone by, for runs, their waits and what was heard. */
export async function goBack({ workspaceId }: World, minutes: number) {
  await db.sql(
    `update enrollments set step_due_at = step_due_at - $2::int * interval '1 minute', ready_at = ready_at - $2::int * interval '1 minute',
       due_at = due_at - $2::int * interval '1 minute' where workspace_id = $1 and status = 'active'`,
    [workspaceId, minutes],
  );
  await db.sql(
    "update run_signals set received_at = received_at - $2::int * interval '1 minute' where workspace_id = $1",
    [workspaceId, minutes],
  );
}
