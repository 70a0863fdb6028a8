import "server-only";
import { databaseUnavailable, db } from "../db";
import { type Figures, readFigures } from "./figures";
import { missingMigrations } from "./migrations";
import { readPulse } from "./store";
import { type Heartbeat, readClock, readHeartbeats, readTroubles, type Trouble } from "./store-figures";

/** What `gflux doctor` has looked at. */
export type Diagnosis = {
  /** `clockAheadMs`: this process's clock against the database's, give or take half a round trip. */
  database: { reachable: true; roundTripMs: number; clockAheadMs: number } | { reachable: false; why: string };
  missingMigrations: string[];
  /** Null with a database that is behind or cannot be reached. */
  work: {
    heartbeats: Heartbeat[];
    oldestDueSeconds: number | null;
    figures: Figures;
    failing: Trouble[];
    deciding: Trouble[];
  } | null;
};

/** Looks at everything that an operator should know, over all workspaces. @throws for what is neither known nor expected */
export async function diagnose(): Promise<Diagnosis> {
  try {
    const database = await readDistance();
    const missing = await missingMigrations();
    if (missing.length > 0) return { database, missingMigrations: missing, work: null };
    const [heartbeats, pulse, figures, troubles] = await Promise.all([
      readHeartbeats(db),
      readPulse(db),
      readFigures(),
      readTroubles(db),
    ]);
    return {
      database,
      missingMigrations: [],
      work: { heartbeats, oldestDueSeconds: pulse.oldestDueSeconds, figures, ...troubles },
    };
  } catch (thrown) {
    if (!databaseUnavailable(thrown)) throw thrown;
    const why = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
    return { database: { reachable: false, why }, missingMigrations: [], work: null };
  }
}

/** The shortest of a few: the first one opens a connection. */
async function readDistance(): Promise<{ reachable: true; roundTripMs: number; clockAheadMs: number }> {
  let best = { reachable: true as const, roundTripMs: Number.POSITIVE_INFINITY, clockAheadMs: 0 };
  for (let round = 0; round < 3; round += 1) {
    const [beganMs, atMs] = [performance.now(), Date.now()];
    const clockMs = await readClock(db);
    const roundTripMs = performance.now() - beganMs;
    if (roundTripMs < best.roundTripMs) best = { ...best, roundTripMs, clockAheadMs: atMs + roundTripMs / 2 - clockMs };
  }
  return best;
}
