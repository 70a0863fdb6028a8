import "server-only";
import { poolState } from "../db";
import { intakeCounters, intakeQueue } from "../events";
import { refuse } from "./answer";
import { requireCronSecret } from "./bearer";
import { requestCounts } from "./counters";
import { type Figures, recentMinutes } from "./figures";
import { figuresOf, readiness } from "./health";
import { type Metric, prometheusText, type Sample } from "./prometheus";
import { requestIdOf } from "./request";

/** This process, and what waits in all workspaces, in Prometheus' text format: for whoever sends CRON_SECRET. */
export async function metricsRoute(request: Request): Promise<Response> {
  const requestId = requestIdOf(request);
  try {
    requireCronSecret(request);
    const state = await readiness();
    const figures = await figuresOf(state);
    const text = prometheusText([...ofProcess(state), ...(figures === null ? [] : ofWorkspaces(figures))]);
    return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4", "x-request-id": requestId } });
  } catch (thrown) {
    return refuse(thrown, { requestId, operation: "metrics", headers: { "x-request-id": requestId } });
  }
}

const gauge = (name: string, help: string, value: number | readonly Sample[]): Metric => ({
  name,
  help,
  type: "gauge",
  samples: typeof value === "number" ? [{ value }] : value,
});
const by = (label: string, counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));

function ofProcess(state: Awaited<ReturnType<typeof readiness>>): Metric[] {
  const queue = intakeQueue();
  const beat = state.last_beat_seconds ?? Number.NaN;
  return [
    {
      name: "gflux_requests_total",
      help: "Answered requests, by operation and status.",
      type: "counter",
      samples: requestCounts().map(({ count, ...labels }) => ({ labels, value: count })),
    },
    {
      name: "gflux_intake_total",
      help: "What intake did: events accepted and rejected, groups written, groups split, answers replayed, requests failed or turned away.",
      type: "counter",
      samples: by("what", intakeCounters()),
    },
    gauge("gflux_intake_waiting_events", "Events on their way to the disk.", queue.events),
    gauge("gflux_intake_waiting_bytes", "Bytes of the requests that carry them.", queue.bytes),
    gauge(
      "gflux_database_connections",
      "Connections of this process's pool, and requests that wait for one.",
      by("state", poolState()),
    ),
    gauge("gflux_ready", "1 when /api/ready says so.", state.ready ? 1 : 0),
    gauge("gflux_dispatcher_last_beat_seconds", "Since a dispatcher last said that it lives.", beat),
    gauge("gflux_oldest_due_seconds", "How long the oldest due row has waited.", state.oldest_due_seconds ?? 0),
    gauge("process_resident_memory_bytes", "Memory of this process.", process.memoryUsage.rss()),
    gauge("process_uptime_seconds", "Since this process started.", process.uptime()),
  ];
}

/** The same in every process: ask one of them. */
function ofWorkspaces({ queue, unknown, held, recent, ...figures }: Figures): Metric[] {
  const lately = `in the last ${recentMinutes} minutes`;
  const { send, find, list, history } = recent.latency;
  const latency = (what: "seconds_sum" | "seconds_max") =>
    by("call", { send: send[what], find: find[what], list: list[what], history: history[what] });
  return [
    gauge("gflux_runs_due", "Runs of automations that wait for the dispatcher now.", queue.runs_due),
    gauge("gflux_sends_due", "Emails that may leave now and wait for it.", queue.sends_due),
    gauge("gflux_sends_queued", "All emails that are queued, held ones too.", queue.queued),
    gauge("gflux_sends_sending", "Emails that are being handed to a provider.", queue.sending),
    gauge("gflux_sends_unknown", "Emails of which it is not known whether they left.", unknown.total),
    gauge("gflux_sends_unknown_oldest_seconds", "Since when the oldest of them is.", unknown.oldest_seconds ?? 0),
    gauge("gflux_sends_held", "Queued emails that somebody has to let go, by what holds them.", by("reason", held)),
    gauge("gflux_sends_to_decide", "Emails that wait for a person's decision.", figures.to_decide),
    gauge("gflux_connections_failing", "Connections whose credentials are refused.", figures.failing_connections),
    gauge(
      "gflux_recent_attempts",
      `Emails handed to a provider ${lately}, by what became of it.`,
      by("outcome", recent.attempts),
    ),
    gauge(
      "gflux_provider_recent_calls",
      `Calls to providers ${lately}, by kind and outcome.`,
      recent.calls.map(({ count, ...labels }) => ({ labels, value: count })),
    ),
    gauge("gflux_provider_recent_seconds", `How long all calls ${lately} took together.`, latency("seconds_sum")),
    gauge("gflux_provider_recent_seconds_max", `How long the longest call ${lately} took.`, latency("seconds_max")),
    gauge(
      "gflux_provider_recent_errors",
      `What went wrong ${lately}, by kind of call, outcome and the provider's code (0: it gave none).`,
      recent.errors.map(({ count, code, ...labels }) => ({ labels: { ...labels, code: String(code) }, value: count })),
    ),
  ];
}
