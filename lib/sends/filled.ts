import "server-only";
import type { Tenant } from "../actor";
import type { News } from "../connections/schema";
import type { Db } from "../db";
import { engagementKind } from "./fold";
import { filledMark, slotOf } from "./slots";
import { eventsOfSends, replaceEvents } from "./store-filled";
import type { MatchedSend } from "./store-news";

type Match = { send: MatchedSend; news: News };

/**
 * Of news that a webhook told: what was filled in before by asking takes on the webhook's words, and is not told or counted again. The
 * sends must be locked. @returns that news
 */
export async function replaceFilled(db: Db, tenant: Tenant, matches: readonly Match[]): Promise<Set<News>> {
  const filled = matches.filter(({ send, news }) => send.news_filled_at !== null && !(filledMark in news.data));
  if (filled.length === 0) return new Set();
  const sendIds = filled.map(({ send }) => send.id);
  const events = await eventsOfSends(db, tenant, sendIds, { filledOnly: true });
  const standing = new Map(events.map((event) => [placeOf(event.send_id, slotOf(event.kind, event.data)), event.id]));
  const replaced = new Map<News, string>();
  for (const { send, news } of filled) {
    const place = placeOf(send.id, slotOf(engagementKind(news), news.data));
    const id = place === null ? undefined : standing.get(place);
    if (id === undefined) continue;
    replaced.set(news, id);
    standing.delete(place);
  }
  const rows = [...replaced].map(([{ occurredAt, data, recipient }, id]) => ({
    id,
    occurredAt,
    data: { ...data, recipient },
  }));
  await replaceEvents(db, tenant, rows);
  return new Set(replaced.keys());
}

/** Of news that was asked for: what has no place taken yet, once for each place. The sends must be locked. */
export async function onlyMissing(db: Db, tenant: Tenant, matches: readonly Match[]): Promise<Match[]> {
  if (matches.length === 0) return [];
  const sendIds = matches.map(({ send }) => send.id);
  const events = await eventsOfSends(db, tenant, sendIds, { filledOnly: false });
  const taken = new Set(events.map((event) => placeOf(event.send_id, slotOf(event.kind, event.data))));
  const inOrder = [...matches].sort(
    (one, other) => Date.parse(one.news.occurredAt) - Date.parse(other.news.occurredAt),
  );
  return inOrder.filter(({ send, news }) => {
    const place = placeOf(send.id, slotOf(engagementKind(news), news.data));
    if (place === null || taken.has(place)) return false;
    taken.add(place);
    return true;
  });
}

const placeOf = (sendId: string, slot: string | null) => (slot === null ? null : `${sendId} ${slot}`);
