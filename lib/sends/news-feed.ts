import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { systemClock } from "../clock";
import { getConnection, listWebhooksSeen } from "../connections";
import type { ConnectionInput } from "../connections/schema";
import { db } from "../db";
import { callsPerHourMax, catchUpSafely, ordinaryMeans } from "./catch-up";
import { feedSource, type NewsFeed, type SyncedNews } from "./news-feed-schema";
import { askForCatchUp, readCatchUp } from "./store-catch-up";

/** A person waits for it; what is left goes on in the background. */
const syncMsMax = 8_000;

/**
 * Which of webhooks and asking brings the news of a connection's mail, and how asking does.
 * @throws AppError `not_found` for a connection that is deleted, unknown, or another workspace's
 */
export async function newsFeedOf(actor: Actor, { id }: ConnectionInput): Promise<NewsFeed> {
  const tenant = allow(actor, "connections:read");
  const { data: seen } = await listWebhooksSeen(actor, { id });
  const times = seen.map(({ last_received_at: at }) => Date.parse(at));
  return feedOf(tenant, id, times.length === 0 ? null : new Date(Math.max(...times)));
}

async function feedOf(tenant: Tenant, connectionId: string, webhookAt: Date | null): Promise<NewsFeed> {
  const facts = await readCatchUp(db, tenant, connectionId);
  return {
    source: feedSource({ webhookAt, filled: facts.filled }, systemClock()),
    last_webhook_at: webhookAt?.toISOString() ?? null,
    last_sync_at: facts.ranAt?.toISOString() ?? null,
    next_sync_at: facts.dueAt?.toISOString() ?? null,
    syncing: facts.running,
    filled_24h: facts.filled,
    calls: { used: facts.calls, budget: callsPerHourMax, resets_at: facts.hourEndsAt.toISOString() },
    last_error: facts.error,
  };
}

/**
 * Asks the provider now for all that is not known of what left in the last days, within the connection's calls for the hour. What takes
 * longer than some seconds goes on by itself. @throws AppError as above
 */
export async function syncNews(actor: Actor, { id }: ConnectionInput): Promise<SyncedNews> {
  const tenant = allow(actor, "connections:write");
  const connection = await getConnection(actor, { id });
  const lanes = await askForCatchUp(db, tenant, connection.id);
  const endMs = performance.now() + syncMsMax;
  const isOver = () => performance.now() >= endMs;
  let filled = 0;
  for (const lane of lanes) {
    if (isOver()) break;
    filled += (await catchUpSafely(lane, { ...ordinaryMeans, isOver }))?.filled ?? 0;
  }
  return { ...(await newsFeedOf(actor, { id })), filled };
}
