import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { type Db, retryTransient, transaction } from "../db";
import { AppError } from "../errors";
import { audit, bumpVersion } from "../workspaces";
import { type AutomationAction, type AutomationStatus, change } from "./lifecycle";
import { toAutomation } from "./resource";
import type { AnyAutomation, Automation } from "./schema";
import { findAutomation, type LockedAutomation, lockAutomation } from "./store";

export const noAutomation = () => new AppError("not_found", "There is no such automation in this workspace.");

/** @throws AppError `not_found` for one that is deleted, unknown, or another workspace's */
export async function resourceOf(db: Db, tenant: Tenant, id: string): Promise<AnyAutomation> {
  const row = await findAutomation(db, tenant, id);
  if (!row) throw noAutomation();
  return toAutomation(tenant, row);
}

/** For an automation whose definition was parsed in this very call. */
export function readable(found: AnyAutomation): Automation {
  if (found.definition_error === null) return found;
  throw new Error(`automation ${found.id} was written so that it cannot be read: ${found.definition_error}`);
}

/** Holds an automation for a change, if its status allows that. @throws AppError `not_found`, `conflict` with the sentence of lifecycle.ts */
export async function lockFor(tx: Db, tenant: Tenant, id: string, action: AutomationAction): Promise<LockedAutomation> {
  const found = await lockAutomation(tx, tenant, id);
  if (!found) throw noAutomation();
  const next = change(found.status, action);
  if ("refusal" in next) throw new AppError("conflict", next.refusal);
  return found;
}

type RunningAction = "publish" | "pause" | "resume" | "archive";
const past: Record<RunningAction, string> = {
  publish: "published",
  pause: "paused",
  resume: "resumed",
  archive: "archived",
};
/** What a change notes of itself beside the automation. */
type Noted = Record<string, string | number | boolean>;
type Held = { tx: Db; tenant: Tenant; automation: LockedAutomation; to: AutomationStatus };

/**
 * One change of what an automation does. `work` runs while its row is held, so the engine can neither park nor miss anything in
 * between; everything, with the word to all processes that their copy is old, is committed together. Locks are taken in the order
 * automation, workspace, sends, enrollments.
 */
export async function changeRunning(
  actor: Actor,
  { id, action }: { id: string; action: RunningAction },
  work: (held: Held) => Promise<Noted>,
): Promise<AnyAutomation> {
  const tenant = allow(actor, "automations:write");
  const once = async (tx: Db) => {
    const automation = await lockFor(tx, tenant, id, action);
    const next = change(automation.status, action);
    if (!("to" in next) || next.to === "deleted") throw new Error(`no status for ${action} of ${automation.status}`);
    await bumpVersion(tx, tenant);
    const data = await work({ tx, tenant, automation, to: next.to });
    await audit(tx, tenant, actor, {
      action: `automation.${past[action]}`,
      subject: automation.name,
      data: { id, ...data },
    });
    return resourceOf(tx, tenant, id);
  };
  // A backlog is moved in one go, so that nothing of it leaves in between.
  return retryTransient(() => transaction(once, { timeoutMs: 60_000 }));
}
