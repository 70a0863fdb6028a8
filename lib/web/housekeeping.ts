import "server-only";
import { forgetOldCalls, forgetOldHours, resealAlertSecrets, resealConnections } from "../connections";
import { db } from "../db";
import { forgetOldMessages } from "../events";
import { log } from "../log";
import { ensurePartitions, purgeAnswers } from "./store";

const everyMs = 3_600_000;
let lastAtMs = Number.NEGATIVE_INFINITY;

/** What has to be done now and then, at most once an hour in a process: partitions of the months to come, and forgetting. Never throws. */
export async function housekeeping(): Promise<void> {
  if (performance.now() - lastAtMs < everyMs) return;
  lastAtMs = performance.now();
  try {
    await ensurePartitions(db);
    // Bounded pieces, so that nothing holds the tables for long.
    for (let round = 0; round < 50 && (await resealConnections(db, 200)) > 0; round++);
    await resealAlertSecrets(db);
    for (let round = 0; round < 50 && (await purgeAnswers(db, 1_000)) > 0; round++);
    for (let round = 0; round < 50 && (await forgetOldMessages()) > 0; round++);
    for (let round = 0; round < 50 && (await forgetOldCalls(db, 1_000)) > 0; round++);
    for (let round = 0; round < 50 && (await forgetOldHours(db, 1_000)) > 0; round++);
  } catch (thrown) {
    log.error("housekeeping failed; it is tried again within the hour", thrown);
  }
}

/** Runs it now and from then on. @returns a function that ends it */
export function keepHouse(): () => void {
  void housekeeping();
  const timer = setInterval(() => void housekeeping(), everyMs + 1_000);
  timer.unref();
  return () => clearInterval(timer);
}
