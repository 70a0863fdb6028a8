import "server-only";
import type { Tenant } from "../actor";
import { db } from "../db";
import { log } from "../log";
import { noteWebhook } from "./store-catch-up";

const noteEveryMs = 30_000;
const rememberedMax = 5_000;
/** Lane → when this process last wrote down that webhooks arrive on it. */
const noted = new Map<string, number>();

/**
 * Writes down that webhooks about a stream arrive, so that nobody asks for what they tell. At most twice a minute for each process and lane,
 * outside of any transaction. Never throws: the webhook is stored.
 */
export async function noteArrival(tenant: Tenant, connectionId: string, stream: string): Promise<void> {
  const key = `${tenant.workspaceId} ${connectionId} ${stream}`;
  const nowMs = performance.now();
  const lastMs = noted.get(key);
  if (lastMs !== undefined && nowMs - lastMs < noteEveryMs) return;
  if (noted.size >= rememberedMax) noted.clear();
  noted.set(key, nowMs);
  try {
    await noteWebhook(db, tenant, connectionId, stream);
  } catch (thrown) {
    log.error("that a webhook came was not noted", thrown, { connection: connectionId, stream });
  }
}
