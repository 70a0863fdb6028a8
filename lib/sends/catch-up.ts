import "server-only";
import { openConnector } from "../connections";
import { db } from "../db";
import { log } from "../log";
import { type CatchUpMeans, type CaughtUp, catchUpLane } from "./catch-up-lane";
import { dueCatchUps, type NewsLane } from "./store-catch-up";

/** Calls to a provider's history that one connection may make in an hour, whatever number of processes there is. */
export const callsPerHourMax = 600;

const lanesPerRound = 40;
const lanesAtOnce = 4;

/**
 * Asks for what webhooks did not tell, on every lane whose turn it is, for `withinMs` at most (a call under way is waited for). Any number at
 * once, in any number of processes, is harmless. A lane that makes trouble harms only itself.
 */
export async function catchUpNews({
  withinMs,
  isOver = () => false,
  ...given
}: { withinMs: number } & Partial<CatchUpMeans>): Promise<CaughtUp & { lanes: number }> {
  const endMs = performance.now() + withinMs;
  const means = { ...ordinaryMeans, ...given, isOver: () => isOver() || performance.now() >= endMs };
  const lanes = await dueCatchUps(db, lanesPerRound);
  const report = { filled: 0, calls: 0, lanes: 0 };
  const worker = async () => {
    for (let lane = lanes.shift(); lane !== undefined && !means.isOver(); lane = lanes.shift()) {
      const caught = await catchUpSafely(lane, means);
      report.filled += caught?.filled ?? 0;
      report.calls += caught?.calls ?? 0;
      report.lanes += caught === null ? 0 : 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanesAtOnce, lanes.length) }, worker));
  return report;
}

export const ordinaryMeans: CatchUpMeans = {
  open: openConnector,
  chance: Math.random,
  callsPerHour: callsPerHourMax,
  isOver: () => false,
  step: () => undefined,
};

/** One lane, without throwing. */
export async function catchUpSafely(lane: NewsLane, means: CatchUpMeans): Promise<CaughtUp | null> {
  try {
    return await catchUpLane(lane, means);
  } catch (thrown) {
    log.error("a lane could not be caught up; its lease lapses", thrown, { ...lane });
    return null;
  }
}
