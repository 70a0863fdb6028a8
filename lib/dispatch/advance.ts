import "server-only";
import { db, retryTransient } from "../db";
import { env } from "../env";
import { newId } from "../ids";
import { log } from "../log";
import { retryDelayMs, runAttemptsMax } from "./backoff";
import { walk } from "./decide";
import { advanceLeaseMs, runsPerClaim, signalsPerLook } from "./limits";
import type { Means } from "./means";
import type { Claim, ClaimedRun, Lane, Place, Situation } from "./schema";
import { loadSituations } from "./situations";
import { isRefusal } from "./store";
import { claimRuns, type RunSettlement, settleRuns, tenantOf } from "./store-runs";

/** How many runs were claimed, whether there may be more, and where emails were queued. */
export type Advanced = { claimed: number; full: boolean; lanes: Lane[] };

/** Moves one claim of due runs of a workspace as far as they go: claim → load all → decide each → save all. */
export async function advanceWorkspace(workspaceId: string, { chance }: Pick<Means, "chance">): Promise<Advanced> {
  const leaseMs = advanceLeaseMs(env().providerTimeoutMs);
  const claim = await claimRuns(db, tenantOf({ workspaceId }), { limit: runsPerClaim, leaseMs });
  if (claim === null) return { claimed: 0, full: false, lanes: [] };
  const situations = await loadSituations(claim);
  const settlements = claim.runs.map((run) => settlementOf(run, situations.get(run.id), claim.at, chance));
  await settleEach(claim, settlements, chance);
  return { claimed: claim.runs.length, full: claim.runs.length === runsPerClaim, lanes: lanesOf(claim, settlements) };
}

/** A throw is a retry, not a stop: one bad run harms only itself, and in the end it says so. */
function settlementOf(
  run: ClaimedRun,
  situation: Situation | undefined,
  now: Date,
  chance: () => number,
): RunSettlement {
  try {
    if (situation === undefined) throw new Error("its automation or version cannot be read by this process");
    return decided(run, situation, now);
  } catch (thrown) {
    return retried(run, thrown, now, chance);
  }
}

function decided(run: ClaimedRun, situation: Situation, now: Date): RunSettlement {
  const { decision, notes, passedStepIds, signals } = walk(situation, now);
  const active = { run, status: "active", reason: null, attempt: 0, notes, passedStepIds, signals } as const;
  // More events came than can be looked at in one go. What is kept and was seen before is no reason to look again at once.
  const keeps = decision.kind === "wait" && decision.keepsSignals;
  const fresh = keeps ? situation.signals.filter(({ seen }) => !seen) : situation.signals;
  const next = (dueAt: Date) => (fresh.length < signalsPerLook ? dueAt : now);
  switch (decision.kind) {
    case "park":
      // `now` is due at once, should the automation turn out to be live again.
      return { ...active, place: placeOf(run), dueAt: now, parkFor: run.automationId };
    case "wait":
      return { ...active, place: decision.place, dueAt: next(decision.until) };
    case "send": {
      const { connectionId, stream, step, place } = decision;
      const send = { id: newId(), stepId: step.id, connectionId, stream, scheduledAt: place.readyAt };
      return { ...active, place, dueAt: next(decision.until), send };
    }
    case "update": {
      const { place, set, ends } = decision;
      return ends ? { ...active, place, set, dueAt: null, status: "completed" } : { ...active, place, set, dueAt: now };
    }
    case "complete":
      return { ...active, place: decision.place, dueAt: null, status: "completed" };
    case "exit":
      return { ...active, place: decision.place, dueAt: null, status: "exited", reason: decision.reason };
  }
}

function retried(run: ClaimedRun, thrown: unknown, now: Date, chance: () => number): RunSettlement {
  log.error("a run could not be advanced", thrown, { enrollment: run.id, attempt: run.attempt });
  const { stepId } = run;
  const error = String(thrown).slice(0, 500);
  const stays = { run, place: placeOf(run), attempt: run.attempt, reason: null, notes: [] };
  if (run.attempt < runAttemptsMax)
    return { ...stays, status: "active", dueAt: new Date(now.getTime() + retryDelayMs(run.attempt, chance())) };
  const notes = [{ stepId, reason: "engine_error", details: { error } } as const];
  return { ...stays, status: "exited", reason: "engine_error", dueAt: null, notes };
}

/** Saves all at once. What the database refuses is halved, until the bad one stands alone and is put off. */
async function settleEach(claim: Claim, settlements: readonly RunSettlement[], chance: () => number): Promise<void> {
  try {
    await saveRuns(claim, settlements);
  } catch (thrown) {
    const [only] = settlements;
    // The database is away: the lease lapses, and they are decided anew.
    if (only === undefined || !isRefusal(thrown)) throw thrown;
    if (settlements.length === 1) {
      await saveRuns(claim, [retried(only.run, thrown, claim.at, chance)]).catch((again) => {
        // Left to its lease, so that its siblings are saved all the same.
        if (!isRefusal(again)) throw again;
        log.error("a run could not even be put off", again, { enrollment: only.run.id });
      });
      return;
    }
    const middle = Math.ceil(settlements.length / 2);
    await settleEach(claim, settlements.slice(0, middle), chance);
    await settleEach(claim, settlements.slice(middle), chance);
  }
}

/** A run that is not ours any more was woken meanwhile: whoever has it knows what has changed. */
async function saveRuns(claim: Claim, settlements: readonly RunSettlement[]): Promise<void> {
  const lost = await retryTransient(() => settleRuns(db, claim, settlements));
  if (lost.length > 0) log.info("runs were no longer ours when they were decided", { lost: lost.length });
}

const placeOf = ({ stepId, stepDueAt, readyAt }: ClaimedRun): Place => ({ stepId, stepDueAt, readyAt });

function lanesOf({ workspaceId }: Claim, settlements: readonly RunSettlement[]): Lane[] {
  const lanes = settlements.flatMap(({ send }) =>
    send === undefined ? [] : { workspaceId, connectionId: send.connectionId, stream: send.stream },
  );
  return [...new Map(lanes.map((lane) => [laneKey(lane), lane])).values()];
}

export const laneKey = ({ workspaceId, connectionId, stream }: Lane): string =>
  `${workspaceId} ${connectionId} ${stream}`;
