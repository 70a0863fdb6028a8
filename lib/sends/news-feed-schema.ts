import * as z from "zod";

const moment = z.iso.datetime();

/** From where the news of a connection's mail comes. */
const feedSources = ["none", "webhooks", "sync", "both"] as const;
export type FeedSource = (typeof feedSources)[number];

export const newsFeed = z.object({
  source: z.enum(feedSources),
  last_webhook_at: moment.nullable(),
  last_sync_at: moment.nullable(),
  next_sync_at: moment.nullable().describe("Null: nothing was sent yet."),
  syncing: z.boolean().describe("A sync is under way in some process."),
  filled_24h: z.int().describe("Events that no webhook had told, filled in by asking."),
  calls: z.object({ used: z.int(), budget: z.int(), resets_at: moment }),
  last_error: z.string().nullable(),
});
export type NewsFeed = z.infer<typeof newsFeed>;

export const syncedNews = newsFeed.extend({ filled: z.int().describe("By this sync.") });
export type SyncedNews = z.infer<typeof syncedNews>;

const recentMs = 24 * 3_600_000;

/** Webhooks that stopped coming, while a sync finds what they would have told, feed nothing any more. */
export function feedSource({ webhookAt, filled }: { webhookAt: Date | null; filled: number }, now: Date): FeedSource {
  if (webhookAt === null) return filled > 0 ? "sync" : "none";
  if (filled === 0) return "webhooks";
  return now.getTime() - webhookAt.getTime() <= recentMs ? "both" : "sync";
}
