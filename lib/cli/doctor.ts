import "server-only";
import type { Diagnosis } from "../web/diagnosis";

/** Older than this, and a dispatcher counts as dead: it says every ten seconds that it lives. */
const aliveSecondsMax = 120;
const waitingSecondsMax = 300;
const clockMsMax = 10_000;

/** What somebody has to do, in sentences; empty when all is well. */
export function needsOf({ database, missingMigrations, work }: Diagnosis): string[] {
  if (!database.reachable) return [`The database cannot be reached: ${database.why}. Check DATABASE_URL.`];
  const [missing] = missingMigrations;
  if (missing !== undefined) return [`The database lacks ${missing} and perhaps more: run npm run db:migrate.`];
  const needs: string[] = [];
  const apart = Math.abs(database.clockAheadMs);
  if (apart > clockMsMax)
    needs.push(`This machine's clock and the database's are ${spanOf(apart / 1000)} apart: set both by the network.`);
  if (work === null) return needs;
  const alive = work.heartbeats.filter(({ ageSeconds }) => ageSeconds < aliveSecondsMax);
  if (alive.length === 0)
    needs.push("No dispatcher is alive: start the server with DISPATCHER=on, npm run worker, or a cron job.");
  else if ((work.oldestDueSeconds ?? 0) > waitingSecondsMax)
    needs.push(`Due work has waited for ${spanOf(work.oldestDueSeconds ?? 0)}: read the log, or start more workers.`);
  for (const { workspace, name, detail } of work.failing)
    needs.push(`The connection “${name}” of ${workspace} is failing: ${detail ?? "its last call was refused."}`);
  if (work.figures.to_decide > 0) {
    const where = work.deciding.map(({ workspace }) => workspace).join(", ");
    needs.push(
      `${counted(work.figures.to_decide, "email waits", "emails wait")} for a decision, in the send log of ${where}.`,
    );
  }
  return needs;
}

/** The whole diagnosis in words. */
export function doctorText(diagnosis: Diagnosis): string {
  const needs = needsOf(diagnosis);
  const verdict =
    needs.length === 0 ? ["All is well."] : ["Needs a person:", ...needs.map((sentence) => `- ${sentence}`)];
  return `${[...stateOf(diagnosis), "", ...verdict].join("\n")}\n`;
}

/** The same for programs, in one object. */
export function doctorJson(diagnosis: Diagnosis): object {
  const { database, missingMigrations, work } = diagnosis;
  const needs = needsOf(diagnosis);
  return {
    ok: needs.length === 0,
    needs,
    database: database.reachable
      ? { reachable: true, round_trip_ms: database.roundTripMs, clock_ahead_ms: database.clockAheadMs }
      : database,
    missing_migrations: missingMigrations,
    dispatchers:
      work?.heartbeats.map(({ ageSeconds, ...rest }) => ({ ...rest, last_beat_seconds: ageSeconds })) ?? null,
    oldest_due_seconds: work?.oldestDueSeconds ?? null,
    failing_connections: work?.failing ?? null,
    workspaces_to_decide: work?.deciding.map(({ workspace }) => workspace) ?? null,
    figures: work?.figures ?? null,
  };
}

function stateOf({ database, missingMigrations, work }: Diagnosis): string[] {
  if (!database.reachable) return ["database: not reachable"];
  const { roundTripMs, clockAheadMs } = database;
  const clock = `this clock is ${Math.abs(Math.round(clockAheadMs))} ms ${clockAheadMs < 0 ? "behind" : "ahead of"} the database's`;
  const lines = [`database: reachable in ${Math.ceil(roundTripMs)} ms; ${clock}`];
  lines.push(
    `migrations: ${missingMigrations.length === 0 ? "all applied" : `missing ${missingMigrations.join(", ")}`}`,
  );
  return work === null ? lines : [...lines, ...stateOfWork(work)];
}

function stateOfWork({ heartbeats, oldestDueSeconds, figures }: NonNullable<Diagnosis["work"]>): string[] {
  const { queue, unknown, held, recent } = figures;
  const alive = heartbeats.filter(({ ageSeconds }) => ageSeconds < aliveSecondsMax);
  const each = alive.map(({ kind, process, ageSeconds }) => `${kind} ${process}, ${spanOf(ageSeconds)} ago`);
  const { send, find, list, history } = recent.latency;
  return [
    `dispatchers: ${alive.length} alive${each.length > 0 ? ` (${each.join("; ")})` : ""}`,
    `due now: ${counted(queue.runs_due, "run")}, ${counted(queue.sends_due, "email")}; the oldest for ${spanOf(oldestDueSeconds ?? 0)}`,
    `emails: ${queue.queued} queued, ${queue.sending} being handed over`,
    `unknown: ${unknown.total}, of which ${unknown.cannot_know} cannot be looked up${unknown.oldest_seconds === null ? "" : `; the oldest for ${spanOf(unknown.oldest_seconds)}`}`,
    `held: ${listed(held)}`,
    `attempts in ${recent.minutes} minutes: ${listed(recent.attempts)}`,
    `provider: ${[
      latencyText("send", send),
      latencyText("search", find),
      ...(list.calls > 0 ? [latencyText("suppression list", list)] : []),
      ...(history.calls > 0 ? [latencyText("history", history)] : []),
    ].join("; ")}`,
    `errors in ${recent.minutes} minutes: ${recent.errors.map(({ call, outcome, code, count }) => `${count} ${spelled(outcome)} (${call}${code === 0 ? "" : `, code ${code}`})`).join(", ") || "none"}`,
  ];
}

const latencyText = (
  what: string,
  { calls, seconds_sum: sum, seconds_max: max }: { calls: number; seconds_sum: number; seconds_max: number },
) =>
  calls === 0
    ? `no ${what} calls`
    : `${counted(calls, `${what} call`)}, ${(sum / calls).toFixed(2)} s on average, ${max.toFixed(2)} s at most`;

const spelled = (code: string): string => code.replaceAll("_", " ");

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${spelled(name)}`)
    .join(", ") || "none";

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

function spanOf(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
