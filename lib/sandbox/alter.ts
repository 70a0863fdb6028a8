import "server-only";
import * as z from "zod";
import { Impossible } from "./happenings";
import { triggerNames } from "./schema";
import { touch, type WorldState } from "./state";
import { findStream } from "./streams";

/** What a person could have done in Postmark's own pages, or what time did: settings and states that its API does not let one set. */
export const serverChange = z.strictObject({
  name: z.string().optional(),
  deliveryType: z.enum(["Live", "Sandbox"]).optional(),
  smtpApiActivated: z.boolean().optional(),
  trackOpens: z.boolean().optional(),
  trackLinks: z.enum(["None", "HtmlAndText", "HtmlOnly", "TextOnly"]).optional(),
});
export const streamChange = z.strictObject({
  archived: z.boolean().optional(),
  /** Archived so long ago that it does not come back. */
  purged: z.literal(true).optional(),
  removed: z.literal(true).optional(),
  unsubscribe: z.enum(["None", "Postmark", "Custom"]).optional(),
});
export const webhookChange = z.strictObject({
  verified: z.boolean().optional(),
  /** Types that failed too often. */
  paused: z.array(z.enum(triggerNames)).optional(),
});
export type ServerChange = z.infer<typeof serverChange>;
export type StreamChange = z.infer<typeof streamChange>;
export type WebhookChange = z.infer<typeof webhookChange>;

export function alterServer(world: WorldState, change: ServerChange): void {
  Object.assign(world.server, serverChange.parse(change));
  touch(world);
}

const purgeAfterMs = 45 * 86_400_000;

/** Throws `Impossible` for a stream that is not there. */
export function alterStream(world: WorldState, id: string, change: StreamChange): void {
  const stream = findStream(world, id);
  if (!stream) throw new Impossible(`There is no stream ${id}.`);
  const nowMs = world.clock.nowMs();
  if (change.archived !== undefined || change.purged) {
    const archived = change.archived ?? true;
    stream.archivedAtMs = archived ? nowMs - (change.purged ? 2 * purgeAfterMs : 0) : null;
    stream.purgeAtMs = stream.archivedAtMs === null ? null : stream.archivedAtMs + purgeAfterMs;
  }
  stream.unsubscribe = change.unsubscribe ?? stream.unsubscribe;
  if (change.removed) world.streams.splice(world.streams.indexOf(stream), 1);
  touch(world);
}

/** Throws `Impossible` for a webhook that is not there. */
export function alterWebhook(world: WorldState, id: number, change: WebhookChange): void {
  const webhook = world.webhooks.find((one) => one.id === id);
  if (!webhook) throw new Impossible(`There is no webhook ${id}.`);
  Object.assign(webhook, webhookChange.parse(change));
  touch(world);
}
