import "server-only";
import type { Tenant } from "../actor";
import { systemClock } from "../clock";
import type { News } from "../connections/schema";
import { type Db, retryTransient, transaction } from "../db";
import { wake } from "../wake";
import { onlyMissing } from "./filled";
import { withPossibleTime } from "./fold";
import { applyMatched, match, takeNews } from "./news";
import { filledMark } from "./slots";
import { markFilled } from "./store-filled";

/**
 * Takes what a provider said when it was asked about messages of one connection, where no webhook has said it: each send's delivery, its
 * first open, the first click on each link, its unsubscribe. A webhook that comes later takes the place of what was filled in. Any order,
 * any number of times, from any number of processes: the same end. @returns how much was not known
 */
export async function fillNews(tenant: Tenant, connectionId: string, items: readonly News[]): Promise<number> {
  const asked = items.map((item) => withPossibleTime(item, systemClock()));
  const { filled, woken } = await retryTransient(() => transaction((tx) => fill(tx, tenant, connectionId, asked)));
  if (woken > 0) wake();
  return filled;
}

async function fill(tx: Db, tenant: Tenant, connectionId: string, items: readonly News[]) {
  const { matches } = await match(tx, tenant, connectionId, items);
  // What belongs to nobody here is another sender's of the same stream: it will be asked for again should it turn out to be ours.
  const missing = await onlyMissing(tx, tenant, matches);
  const marked = missing.map(({ send, news }) => ({
    send,
    news: { ...news, data: { ...news.data, [filledMark]: true } },
  }));
  const woken = await applyMatched(tx, tenant, connectionId, marked);
  await markFilled(tx, tenant, [...new Set(missing.map(({ send }) => send.id))]);
  return { filled: missing.length, woken };
}

/**
 * The same of bounces and complaints, which have one key wherever they are told: they are taken as from a webhook, with what they do to
 * suppressions. @returns how much was not known
 */
export async function fillBounces(tenant: Tenant, connectionId: string, items: readonly News[]): Promise<number> {
  const { matched, woken } = await retryTransient(() => transaction((tx) => takeNews(tx, tenant, connectionId, items)));
  if (woken > 0) wake();
  return matched;
}
