import "server-only";
import { type CallKind, type CallLine, callStatistics } from "../connections";
import { db } from "../db";
import { type HeldReason, readBacklog } from "./store-figures";

/** Over how many minutes calls to providers are told. */
export const recentMinutes = 15;

/** How long the calls of one kind took. */
type Latency = { calls: number; seconds_sum: number; seconds_max: number };

/** What an operator looks at, of all workspaces together. Counts stop at 100,000. */
export type Figures = {
  queue: { runs_due: number; sends_due: number; queued: number; sending: number };
  unknown: { total: number; cannot_know: number; oldest_seconds: number | null };
  held: Record<HeldReason, number>;
  /** For a person: late ones, and unknown ones that nobody can look up or that have been so for an hour. */
  to_decide: number;
  failing_connections: number;
  /** Of the last minutes: messages by what became of them, how long calls took, and what went wrong by the provider's code (0: none). */
  recent: {
    minutes: number;
    attempts: Record<string, number>;
    latency: Record<CallKind, Latency>;
    calls: { call: CallKind; outcome: string; count: number }[];
    errors: { call: CallKind; outcome: string; code: number; count: number }[];
  };
};

const freshMs = 2_000;
let last: { readAtMs: number | null; figures: Promise<Figures> } | undefined;

/**
 * The figures of this moment, or as they were read within two seconds: however often somebody asks, the database is asked by one at a
 * time, and no more than that. Who comes while they are being read waits for the same.
 */
export function recentFigures(): Promise<Figures> {
  if (last !== undefined && (last.readAtMs === null || performance.now() - last.readAtMs < freshMs))
    return last.figures;
  const figures = readFigures();
  const mine: typeof last = { readAtMs: null, figures };
  last = mine;
  figures.then(
    () => {
      mine.readAtMs = performance.now();
    },
    // What failed is not kept; whoever waits for it is told.
    () => {
      if (last === mine) last = undefined;
    },
  );
  return figures;
}

export async function readFigures(): Promise<Figures> {
  const [backlog, lines] = await Promise.all([readBacklog(db), callStatistics(db, { minutes: recentMinutes })]);
  return {
    queue: {
      runs_due: backlog.runsDue,
      sends_due: backlog.sendsDue,
      queued: backlog.queued,
      sending: backlog.sending,
    },
    unknown: {
      total: backlog.unknown,
      cannot_know: backlog.cannotKnow,
      oldest_seconds: backlog.oldestUnknownSeconds,
    },
    held: backlog.held,
    to_decide: backlog.unknownToDecide + backlog.held.late,
    failing_connections: backlog.failingConnections,
    recent: {
      minutes: recentMinutes,
      attempts: attemptsOf(lines),
      latency: {
        send: latencyOf(lines, "send"),
        find: latencyOf(lines, "find"),
        list: latencyOf(lines, "list"),
        history: latencyOf(lines, "history"),
      },
      calls: callsOf(lines),
      errors: lines.filter(isError).map(({ call, outcome, code, calls, messages }) => {
        return { call, outcome, code, count: calls > 0 ? calls : messages };
      }),
    },
  };
}

/** Messages of answered calls are counted by their own answers. */
function attemptsOf(lines: readonly CallLine[]): Record<string, number> {
  const attempts: Record<string, number> = {};
  for (const { call, outcome, messages } of lines)
    if (call === "send" && outcome !== "answered") attempts[outcome] = (attempts[outcome] ?? 0) + messages;
  return attempts;
}

function callsOf(lines: readonly CallLine[]): Figures["recent"]["calls"] {
  const calls = new Map<string, Figures["recent"]["calls"][number]>();
  for (const { call, outcome, calls: count } of lines) {
    if (count === 0) continue;
    const known = calls.get(`${call} ${outcome}`);
    if (known) known.count += count;
    else calls.set(`${call} ${outcome}`, { call, outcome, count });
  }
  return [...calls.values()];
}

function latencyOf(lines: readonly CallLine[], call: CallKind): Latency {
  const mine = lines.filter((line) => line.call === call && line.calls > 0);
  return {
    calls: mine.reduce((sum, { calls }) => sum + calls, 0),
    seconds_sum: mine.reduce((sum, { msTotal }) => sum + msTotal, 0) / 1000,
    seconds_max: Math.max(0, ...mine.map(({ msMax }) => msMax)) / 1000,
  };
}

const well = ["answered", "accepted", "found"];
const isError = ({ outcome }: CallLine): boolean => !well.includes(outcome);
