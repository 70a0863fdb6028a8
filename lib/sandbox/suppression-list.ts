import "server-only";
import { subscriptionPayload } from "./payloads";
import {
  type Message,
  type Suppression,
  type SuppressionOrigin,
  type SuppressionReason,
  touch,
  type WorldState,
} from "./state";

/** The suppression that sends and dumps see now, if any. Addresses are compared in lower case, plus-tags included. */
export function seenSuppression(world: WorldState, stream: string, email: string): Suppression | undefined {
  const entry = world.suppressions.get(stream)?.get(email.toLowerCase());
  return entry && isSeen(entry, world.clock.nowMs()) ? entry : undefined;
}

/** All that a dump of the stream shows now, oldest first. */
export function seenSuppressions(world: WorldState, stream: string): Suppression[] {
  const now = world.clock.nowMs();
  return [...(world.suppressions.get(stream)?.values() ?? [])].filter((entry) => isSeen(entry, now));
}

/** The entry that counts for changes: it may not be visible to sends yet. */
export function suppressionOnFile(world: WorldState, stream: string, email: string): Suppression | undefined {
  const entry = world.suppressions.get(stream)?.get(email.toLowerCase());
  return entry?.goneFromMs === null ? entry : undefined;
}

/**
 * Suppresses an address on one stream and tells the webhooks. An older entry of the same stream keeps its place unless a
 * complaint or bounce tops a manual one. `delayMs`: until sends and dumps see it.
 */
export function suppress(
  world: WorldState,
  stream: string,
  why: {
    email: string;
    reason: SuppressionReason;
    origin: SuppressionOrigin;
    message: Message | null;
    delayMs: number;
  },
): void {
  const now = world.clock.nowMs();
  const email = why.email.toLowerCase();
  const before = suppressionOnFile(world, stream, email);
  const list = world.suppressions.get(stream) ?? new Map<string, Suppression>();
  world.suppressions.set(stream, list);
  const suppression: Suppression = {
    email,
    reason: why.reason,
    origin: why.origin,
    createdAtMs: now,
    visibleFromMs: before ? before.visibleFromMs : now + why.delayMs,
    goneFromMs: null,
  };
  if (!before || before.reason === "ManualSuppression") list.set(email, suppression);
  touch(world);
  if (before?.reason === why.reason) return;
  const change = { stream, suppression, suppressed: true, message: why.message, atMs: now };
  world.notify({ type: "SubscriptionChange", stream, payload: subscriptionPayload(world, change) });
}

/** Lifts a suppression and tells the webhooks; false when there is none. Bounces of the address become active again. */
export function liftSuppression(world: WorldState, stream: string, email: string, delayMs: number): boolean {
  const suppression = suppressionOnFile(world, stream, email);
  if (!suppression) return false;
  const now = world.clock.nowMs();
  suppression.goneFromMs = now + delayMs;
  for (const bounce of world.bounces)
    if (bounce.stream === stream && bounce.email.toLowerCase() === suppression.email) bounce.inactive = false;
  touch(world);
  const change = { stream, suppression, suppressed: false, message: null, atMs: now };
  world.notify({ type: "SubscriptionChange", stream, payload: subscriptionPayload(world, change) });
  return true;
}

function isSeen(entry: Suppression, now: number): boolean {
  return entry.visibleFromMs <= now && (entry.goneFromMs === null || entry.goneFromMs > now);
}
