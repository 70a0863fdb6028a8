import "server-only";
import { poolState } from "../db";
import { intakeCounters, intakeQueue } from "../events";
import { refuse } from "./answer";
import { requireCronSecret } from "./bearer";
import { requestCounts } from "./counters";
import { readiness } from "./health";
import { requestIdOf } from "./request";

type Sample = { labels?: string; value: number };
type Metric = { name: string; help: string; type: "counter" | "gauge"; samples: Sample[] };

/** This process in Prometheus' text format (version 0.0.4): for whoever sends CRON_SECRET. */
export async function metricsRoute(request: Request): Promise<Response> {
  const requestId = requestIdOf(request);
  try {
    requireCronSecret(request);
    const text = (await metrics()).map(written).join("");
    return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4", "x-request-id": requestId } });
  } catch (thrown) {
    return refuse(thrown, { requestId, operation: "metrics", headers: { "x-request-id": requestId } });
  }
}

async function metrics(): Promise<Metric[]> {
  const [pool, queue, state] = [poolState(), intakeQueue(), await readiness()];
  const of = (counts: Record<string, number>, label: string): Sample[] =>
    Object.entries(counts).map(([name, value]) => ({ labels: `${label}="${name}"`, value }));
  const gauge = (name: string, help: string, value: number): Metric => ({
    name,
    help,
    type: "gauge",
    samples: [{ value }],
  });
  return [
    {
      name: "gflux_requests_total",
      help: "Answered requests, by operation and status.",
      type: "counter",
      samples: requestCounts().map(([labels, value]) => ({ labels, value })),
    },
    {
      name: "gflux_intake_total",
      help: "What intake did: events accepted and rejected, groups written, groups split, answers replayed, requests failed or turned away.",
      type: "counter",
      samples: of(intakeCounters(), "what"),
    },
    gauge("gflux_intake_waiting_events", "Events on their way to the disk.", queue.events),
    gauge("gflux_intake_waiting_bytes", "Bytes of the requests that carry them.", queue.bytes),
    {
      name: "gflux_database_connections",
      help: "Connections of this process's pool, and requests that wait for one.",
      type: "gauge",
      samples: of(pool, "state"),
    },
    gauge("gflux_ready", "1 when /api/ready says so.", state.ready ? 1 : 0),
    gauge(
      "gflux_dispatcher_last_beat_seconds",
      "Since a dispatcher last said that it lives.",
      state.last_beat_seconds ?? Number.NaN,
    ),
    gauge("gflux_oldest_due_seconds", "How long the oldest due row has waited.", state.oldest_due_seconds ?? 0),
    gauge("process_resident_memory_bytes", "Memory of this process.", process.memoryUsage.rss()),
    gauge("process_uptime_seconds", "Since this process started.", process.uptime()),
  ];
}

const written = ({ name, help, type, samples }: Metric): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels, value }) => `${name}${labels ? `{${labels}}` : ""} ${value}`),
    "",
  ].join("\n");
