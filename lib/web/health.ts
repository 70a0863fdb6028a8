import "server-only";
import { databaseUnavailable, db } from "../db";
import { log } from "../log";
import { answer } from "./answer";
import { hasCronSecret } from "./bearer";
import { type Figures, recentFigures } from "./figures";
import { missingMigrations } from "./migrations";
import { requestIdOf } from "./request";
import { type Pulse, readPulse } from "./store";

/** Alive: asks nobody. */
export const healthRoute = async (request: Request): Promise<Response> =>
  answer(200, { status: "ok" }, { "x-request-id": requestIdOf(request) });

type Readiness = {
  ready: boolean;
  database: "ok" | "unreachable";
  migrations: "ok" | "behind" | "unknown";
  dispatcher: "ok" | "silent" | "unknown";
  last_beat_seconds: number | null;
  oldest_due_seconds: number | null;
};

/**
 * Whether the product works: the database answers, has every migration, and some dispatcher was alive within two minutes. How long the
 * oldest due row has waited is told too, but does not decide: taking servers away would not shorten it.
 */
export async function readiness(): Promise<Readiness> {
  try {
    const behind = (await missingMigrations()).length > 0;
    const pulse: Pulse = behind
      ? { dispatchers: 0, lastBeatSeconds: null, oldestDueSeconds: null }
      : await readPulse(db);
    return {
      ready: !behind && pulse.dispatchers > 0,
      database: "ok",
      migrations: behind ? "behind" : "ok",
      dispatcher: behind ? "unknown" : pulse.dispatchers > 0 ? "ok" : "silent",
      last_beat_seconds: rounded(pulse.lastBeatSeconds),
      oldest_due_seconds: rounded(pulse.oldestDueSeconds),
    };
  } catch (thrown) {
    if (!databaseUnavailable(thrown)) log.error("readiness could not be told", thrown);
    const unknown = {
      migrations: "unknown",
      dispatcher: "unknown",
      last_beat_seconds: null,
      oldest_due_seconds: null,
    } as const;
    return { ready: false, database: "unreachable", ...unknown };
  }
}

/** Whoever probes decides by it in seconds, so it is never kept waiting for what only people look at. */
const figuresMsMax = 1_000;

/** Open to everybody, but for the figures: those are for whoever sends CRON_SECRET, and null where they cannot be told at once. */
export async function readyRoute(request: Request): Promise<Response> {
  const state = await readiness();
  const figures = hasCronSecret(request) && { figures: await within(figuresMsMax, figuresOf(state)) };
  const body = { ...state, ...figures };
  return answer(state.ready ? 200 : 503, body, { "x-request-id": requestIdOf(request) });
}

/** Null where the database cannot tell. They are for people to look at and never decide whether the product is ready. */
export async function figuresOf({ migrations }: Pick<Readiness, "migrations">): Promise<Figures | null> {
  if (migrations !== "ok") return null;
  try {
    return await recentFigures();
  } catch (thrown) {
    if (!databaseUnavailable(thrown)) log.error("the figures could not be told", thrown);
    return null;
  }
}

async function within<T>(withinMs: number, asked: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, withinMs, null);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

const rounded = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds * 10) / 10);
