import type { ConnectionHealth } from "./life-schema";

type Outcomes = { at: Date; sent: number; delivered: number; bounced: number; complained: number };
/** As calls are counted: lines of calls (`calls` above 0), and lines of single messages of answered ones. `code` 0: none. */
type Calls = {
  at: Date;
  outcome: string;
  code: number;
  calls: number;
  messages: number;
  msTotal: number;
  msMax: number;
};
type Counted = {
  window: ConnectionHealth["window"];
  hours: number;
  bucket: "hour" | "day";
  outcomes: readonly Outcomes[];
  calls: readonly Calls[];
};

const errorsMax = 20;
const hourMs = 3_600_000;

/** Figures of a window that ends with `now`, with a bucket for every hour or day (UTC) of it, empty ones too. */
export function healthOf({ window, hours, bucket, outcomes, calls }: Counted, now: Date): ConnectionHealth {
  const messages = sum(calls.filter(isCall), (line) => line.messages);
  const accepted = sum(
    calls.filter(({ outcome }) => outcome === "accepted"),
    (line) => line.messages,
  );
  return {
    window,
    bucket,
    acceptance_rate: messages === 0 ? null : accepted / messages,
    totals: { ...countsOf(outcomes), calls: callsOf(calls), messages, accepted, ...latencyOf(calls) },
    errors: errorsOf(calls),
    buckets: bucketStarts({ hours, bucket }, now).map((at) => {
      const mine = calls.filter((line) => line.at.getTime() === at.getTime());
      const came = outcomes.filter((row) => row.at.getTime() === at.getTime());
      return { at: at.toISOString(), ...countsOf(came), calls: callsOf(mine), ...latencyOf(mine) };
    }),
  };
}

function bucketStarts({ hours, bucket }: Pick<Counted, "hours" | "bucket">, now: Date): Date[] {
  const lengthMs = bucket === "hour" ? hourMs : 24 * hourMs;
  const last = Math.floor(now.getTime() / lengthMs) * lengthMs;
  const count = (hours * hourMs) / lengthMs;
  return Array.from({ length: count }, (_, index) => new Date(last - (count - 1 - index) * lengthMs));
}

/** What was not accepted. An answered call is no error; what became of its messages stands in lines of their own. */
function errorsOf(calls: readonly Calls[]): ConnectionHealth["errors"] {
  const errors = new Map<string, ConnectionHealth["errors"][number]>();
  for (const line of calls) {
    if (line.outcome === "answered" || line.outcome === "accepted") continue;
    const key = `${line.outcome} ${line.code}`;
    const known = errors.get(key) ?? { outcome: line.outcome, code: line.code || null, calls: 0, messages: 0 };
    errors.set(key, { ...known, calls: known.calls + line.calls, messages: known.messages + line.messages });
  }
  return [...errors.values()].sort((one, other) => other.messages - one.messages).slice(0, errorsMax);
}

const isCall = ({ calls }: Calls) => calls > 0;
const callsOf = (calls: readonly Calls[]) => sum(calls, (line) => line.calls);
const countsOf = (rows: readonly Outcomes[]) => ({
  sent: sum(rows, (row) => row.sent),
  delivered: sum(rows, (row) => row.delivered),
  bounced: sum(rows, (row) => row.bounced),
  complained: sum(rows, (row) => row.complained),
});

function latencyOf(calls: readonly Calls[]): { latency_ms_avg: number | null; latency_ms_max: number | null } {
  const made = calls.filter(isCall);
  if (made.length === 0) return { latency_ms_avg: null, latency_ms_max: null };
  const average = sum(made, (line) => line.msTotal) / callsOf(made);
  return { latency_ms_avg: Math.round(average), latency_ms_max: Math.max(...made.map((line) => line.msMax)) };
}

const sum = <T>(rows: readonly T[], of: (row: T) => number): number => rows.reduce((total, row) => total + of(row), 0);
