import "server-only";
import { type Answer, json, refuse } from "./answer";
import type { Call } from "./call";
import { triggerNames } from "./schema";
import type { HookDelivery, WorldState } from "./state";
import { utcStamp } from "./time";

const windowHours = 24;
const slowMs = 2000;
const verySlowMs = 5000;

/** `GET /webhooks/{id}/statistics`: the last 24 hours, by type; a paused type shows as unverified. */
export function hookStatistics(world: WorldState, call: Call): Answer {
  const webhook = world.webhooks.find((w) => String(w.id) === call.params[0]);
  if (!webhook) return refuse(1352, "Sandbox text: webhook not found.");
  const endMs = world.clock.nowMs();
  const startMs = endMs - windowHours * 3_600_000;
  const recent = world.hooks.filter(
    (d) => d.webhookId === webhook.id && d.createdAtMs >= startMs && d.attempts.length > 0,
  );
  const enabled = triggerNames.filter((name) => webhook.triggers[name].enabled);
  const status = (name: (typeof triggerNames)[number]) =>
    webhook.verified && !webhook.paused.includes(name) ? "verified" : "unverified";
  const seen = enabled.filter((name) => recent.some((d) => d.type === name));
  return json({
    WebhookId: webhook.id,
    ServerId: world.server.id,
    MessageStreamId: webhook.stream,
    Url: webhook.url,
    Statuses: Object.fromEntries(enabled.map((name) => [name, status(name)])),
    TimeRange: { StartTime: utcStamp(startMs), EndTime: utcStamp(endMs), Hours: windowHours },
    Metrics: metrics(recent),
    MetricsByTrigger: Object.fromEntries(seen.map((name) => [name, metrics(recent.filter((d) => d.type === name))])),
  });
}

function metrics(deliveries: HookDelivery[]) {
  const good = deliveries.filter((d) => d.state === "delivered").length;
  const failed = deliveries.filter((d) => d.state === "failed").length;
  const last = deliveries.flatMap((d) => d.attempts.slice(-1));
  const earlier = deliveries.flatMap((d) => d.attempts.slice(0, -1));
  const mean = (all: { durationMs: number }[]) =>
    all.length === 0 ? null : Math.round(all.reduce((n, a) => n + a.durationMs, 0) / all.length);
  return {
    TotalRequests: deliveries.length,
    SuccessCount: good,
    FailureCount: failed,
    RetryCount: earlier.length,
    SuccessRate: deliveries.length === 0 ? 0 : Math.round((good / deliveries.length) * 1000) / 10,
    SlowCount: last.filter((a) => a.durationMs > slowMs).length,
    VerySlowCount: last.filter((a) => a.durationMs > verySlowMs).length,
    AverageTerminalResponseTimeMs: mean(last),
    AverageRetryResponseTimeMs: mean(earlier),
  };
}
