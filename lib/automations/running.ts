import "server-only";
import type { Actor } from "../actor";
import { holdQueued, releaseParked, skipQueued } from "../sends";
import { wake } from "../wake";
import { changeRunning } from "./changing";
import type { AnyAutomation, AutomationInput, PauseInput, ResumeInput } from "./schema";
import { updateAutomation } from "./store";
import { exitRuns, pausedSince, releaseRuns, revokeLeases } from "./store-runs";

/**
 * Nobody enters and nobody advances from now on; time goes on. With `queued: "hold"` what is queued stays, with `"skip"` it is dropped
 * (what is on its way, should it come back) and its people go on past it once it is resumed; again on a paused one, `"skip"` drops what
 * was held.
 * @throws AppError `not_found`; `conflict` where there is nothing to pause
 */
export const pauseAutomation = (actor: Actor, { id, queued }: PauseInput): Promise<AnyAutomation> =>
  changeRunning(actor, { id, action: "pause" }, async ({ tx, tenant, automation, to }) => {
    const pausedAt = automation.status === "paused" ? {} : { pausedAt: new Date() };
    await updateAutomation(tx, tenant, automation.id, { status: to, ...pausedAt });
    // Sends before runs, as everybody; and leases before skipping, because a decision under way may be about to queue one more.
    if (queued === "skip") await holdQueued(tx, tenant, { automationId: automation.id });
    await revokeLeases(tx, tenant, automation.id);
    const skipped =
      queued === "skip"
        ? await skipQueued(tx, tenant, { automationId: automation.id, since: null, reason: "paused" })
        : 0;
    return { queued, skipped };
  });

/**
 * People enter and advance again. With `overdue: "send"` what became due meanwhile leaves now, unless it is more than a day late;
 * with `"skip"` it is dropped, also what runs were only about to queue, but not what was queued before and waits for another reason.
 * @throws AppError `not_found`; `conflict` for one that is not paused
 */
export async function resumeAutomation(actor: Actor, { id, overdue }: ResumeInput): Promise<AnyAutomation> {
  const resumed = await changeRunning(actor, { id, action: "resume" }, async ({ tx, tenant, automation, to }) => {
    const automationId = automation.id;
    const since = await pausedSince(tx, tenant, automationId);
    await updateAutomation(tx, tenant, automationId, { status: to, pausedAt: null });
    const skipped = overdue === "skip" ? await skipQueued(tx, tenant, { automationId, since, reason: "overdue" }) : 0;
    const released = await releaseParked(tx, tenant, { automationId });
    await releaseRuns(tx, tenant, { automationId, overdue });
    return { overdue, skipped, released };
  });
  wake();
  return resumed;
}

/** Ends it for good: who is in it leaves, and what is queued is dropped. @throws AppError `not_found`; `conflict` for one that is archived */
export const archiveAutomation = (actor: Actor, { id }: AutomationInput): Promise<AnyAutomation> =>
  changeRunning(actor, { id, action: "archive" }, async ({ tx, tenant, automation, to }) => {
    const automationId = automation.id;
    await updateAutomation(tx, tenant, automationId, { status: to, pausedAt: null });
    const skipped = await skipQueued(tx, tenant, { automationId, since: null, reason: "automation_archived" });
    const exited = await exitRuns(tx, tenant, { automationId, reason: "archived" });
    return { skipped, exited };
  });
