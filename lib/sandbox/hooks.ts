import "server-only";
import { stringify } from "./answer";
import { type Chance, seededChance } from "./chance";
import { addressHook, postHook } from "./hook-request";
import { judge, retryLadder } from "./retry-ladder";
import type { HookDelivery, News, Webhook, WorldState } from "./state";

const concurrencyMax = 16;
const logMax = 20_000;

export type HookEngine = {
  /** Enqueues an event for every webhook that wants it. */
  notify(news: News): void;
  /** Sends an event of the log again, as a new delivery with the same ids. */
  replay(eventId: string): boolean;
};

/** Tells webhooks: one POST per event and webhook, retried along the regime's ladder, at most 16 at a time. */
export function createHookEngine(world: WorldState): HookEngine {
  // Ids of events never repeat, not even after a restart with the same seed: receivers tell events apart by them.
  const ids = seededChance(`${world.seed}:events:${Date.now()}`);
  const knobs = seededChance(`${world.seed}:knobs`);
  const queue: HookDelivery[] = [];
  let active = 0;

  const pump = () => {
    for (let next = queue[0]; next && active < concurrencyMax; next = queue[0]) {
      queue.shift();
      active += 1;
      const work = attempt(world, next, plan).finally(() => {
        active -= 1;
        pump();
      });
      world.clock.track(work);
    }
  };
  const plan = (delivery: HookDelivery, delayMs: number) => {
    delivery.nextAtMs = world.clock.nowMs() + delayMs;
    world.clock.after(delayMs, () => {
      queue.push(delivery);
      pump();
    });
  };
  const enter = (delivery: HookDelivery) => {
    world.hooks.push(delivery);
    if (world.hooks.length > logMax + 1000)
      world.hooks.splice(0, 1000, ...world.hooks.slice(0, 1000).filter((d) => d.state === "pending"));
    if (delivery.state === "pending")
      plan(delivery, world.settings.hookDelayMs + Math.floor(knobs.next() * world.settings.shuffleWindowMs));
  };
  return {
    notify(news) {
      for (const webhook of world.webhooks) {
        if (!wants(webhook, news)) continue;
        const delivery = deliveryOf(world, webhook, news, ids);
        if (webhook.paused.includes(news.type)) delivery.state = "held";
        else if (knobs.next() < world.settings.dropRate) delivery.state = "dropped";
        enter(delivery);
        if (delivery.state === "pending" && knobs.next() < world.settings.duplicateRate)
          enter({ ...delivery, attempts: [] });
      }
    },
    replay(eventId) {
      const old = world.hooks.find((d) => d.eventId === eventId);
      if (old) enter({ ...old, attempts: [], state: "pending", createdAtMs: world.clock.nowMs() });
      return old !== undefined;
    },
  };
}

function wants(webhook: Webhook, news: News): boolean {
  const trigger = webhook.triggers[news.type];
  if (webhook.stream !== news.stream || !webhook.verified || !trigger.enabled) return false;
  return !(news.type === "Open" && trigger.postFirstOpenOnly && !news.firstOpen);
}

function deliveryOf(world: WorldState, webhook: Webhook, news: News, ids: Chance): HookDelivery {
  const payload = { ...news.payload };
  if (world.settings.missingTag) delete payload.Tag;
  if (world.settings.missingMetadata) delete payload.Metadata;
  if (webhook.triggers[news.type].includeContent && news.content !== undefined) payload.Content = news.content;
  return {
    eventId: ids.guid(),
    traceId: ids.guid(),
    webhookId: webhook.id,
    url: addressHook(webhook, { eventId: "", traceId: "", retriesRemaining: 0 }).url,
    stream: news.stream,
    type: news.type,
    payload,
    createdAtMs: world.clock.nowMs(),
    state: "pending",
    attempts: [],
    nextAtMs: null,
  };
}

async function attempt(
  world: WorldState,
  delivery: HookDelivery,
  plan: (delivery: HookDelivery, delayMs: number) => void,
): Promise<void> {
  delivery.nextAtMs = null;
  const webhook = world.webhooks.find((w) => w.id === delivery.webhookId);
  if (!webhook) {
    delivery.state = "dropped";
    return;
  }
  const { retryRegime, retryScale, hookTimeoutMs, expectContinue } = world.settings;
  const ladder = retryLadder(retryRegime, delivery.type);
  const retriesRemaining = Math.max(0, ladder.length - delivery.attempts.length);
  const atMs = world.clock.nowMs();
  const answer = await postHook({
    ...addressHook(webhook, { ...delivery, retriesRemaining }),
    body: stringify(delivery.payload),
    timeoutMs: hookTimeoutMs,
    expectContinue,
  });
  const delayMinutes = ladder[delivery.attempts.length];
  delivery.attempts.push({
    atMs,
    retriesRemaining,
    status: answer.status,
    error: answer.status === null ? answer.reason : null,
    durationMs: answer.durationMs,
  });
  const verdict = judge(retryRegime, answer.status);
  if (verdict === "retry" && delayMinutes !== undefined) return plan(delivery, delayMinutes * retryScale);
  delivery.state = verdict === "delivered" ? "delivered" : "failed";
  noteOutcome(world, webhook, delivery);
}

/** After too many failed events in a row a type is paused until the webhook is verified again. */
function noteOutcome(world: WorldState, webhook: Webhook, delivery: HookDelivery): void {
  const { type } = delivery;
  const failures = delivery.state === "delivered" ? 0 : (webhook.failures[type] ?? 0) + 1;
  webhook.failures[type] = failures;
  if (failures >= world.settings.pauseAfterFailures && !webhook.paused.includes(type)) webhook.paused.push(type);
}
