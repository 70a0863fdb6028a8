import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { systemClock } from "../clock";
import { countHours } from "../connections";
import { type News, news as newsSchema } from "../connections/schema";
import { type Db, retryTransient, transaction } from "../db";
import { log } from "../log";
import { applySuppressions, signalUnsubscribed } from "../suppressions";
import { normalEmail, type SuppressionChange } from "../suppressions/schema";
import { wake } from "../wake";
import { replaceFilled } from "./filled";
import { clickedLink, engagementKind, foldNews, type SendChange, withPossibleTime } from "./fold";
import {
  deletePendingNews,
  insertEngagement,
  insertNewsDecisions,
  insertPendingNews,
  lockDuePendingNews,
  lockPendingNews,
  lockSends,
  type MatchedSend,
  type NewsDecision,
  type PendingRow,
  postponePendingNews,
  shortKey,
  takeReceipts,
  updateSends,
  wakeEnrollments,
  workspacesWithDueNews,
} from "./store-news";

/** What became of news. `woken`: runs that may go on; call `wake()` after the commit when there are any. */
export type Taken = { matched: number; pending: number; woken: number };

type Match = { send: MatchedSend; news: News };

/**
 * Takes what a provider reported about messages of one connection, in one transaction (the caller's, where there is one): sends move
 * up, suppressions change, and what matches no send is kept for later. Any order, any number of times, from any number of processes:
 * the same end. Locks receipts, then sends, enrollments and suppressions, each in the order of their keys.
 */
export async function takeNews(db: Db, tenant: Tenant, connectionId: string, given: readonly News[]): Promise<Taken> {
  const receivedAt = systemClock();
  const keyed = new Map(given.map((item) => [receiptKey(item), withPossibleTime(item, receivedAt)]));
  if (keyed.size === 0) return nothing;
  return transaction(async () => {
    const unknown = await takeReceipts(db, tenant, connectionId, [...keyed.keys()]);
    const fresh = [...keyed].filter(([key]) => unknown.has(key)).map(([, item]) => item);
    return fresh.length === 0 ? nothing : takeFresh(db, tenant, connectionId, fresh);
  });
}

const nothing: Taken = { matched: 0, pending: 0, woken: 0 };

async function takeFresh(db: Db, tenant: Tenant, connectionId: string, fresh: readonly News[]): Promise<Taken> {
  const { matches, rest } = await match(db, tenant, connectionId, fresh);
  const woken = await applyMatched(db, tenant, connectionId, matches);
  const told = await signalUnsubscribed(db, tenant, fresh.flatMap(unsubscribedBy));
  const began = await suppress(db, tenant, connectionId, fresh);
  const ending = matches.filter(({ news }) => began.has(normalEmail(news.recipient ?? "")));
  await tellSuppressions(db, tenant, ending);
  const pending = rest.flatMap((item) =>
    item.providerMessageId === null ? [] : [{ ...item, providerMessageId: item.providerMessageId }],
  );
  await insertPendingNews(db, tenant, connectionId, pending);
  return { matched: matches.length, pending: pending.length, woken: woken + told };
}

const unsubscribedBy = ({ suppression, recipient }: News): string[] =>
  suppression?.active && suppression.reason === "unsubscribe" && recipient !== null ? [normalEmail(recipient)] : [];

/**
 * Applies kept news of messages whose sends have just learnt these ids, in one transaction (the caller's, where there is one). What a
 * sweep holds at this moment is left to it.
 */
export async function applyPendingNews(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  providerMessageIds: readonly string[],
): Promise<Taken> {
  if (providerMessageIds.length === 0) return nothing;
  return transaction(async () => {
    const rows = await lockPendingNews(db, tenant, connectionId, providerMessageIds);
    const { applied, woken } = await applyRows(db, tenant, rows);
    return { matched: applied.size, pending: rows.length - applied.size, woken };
  });
}

/**
 * Looks again at kept news that is due, in every workspace, at most `limit` rows of each. What still matches nothing after the third
 * look is kept for the record. Each workspace has a transaction of its own; call it outside of any.
 */
export async function sweepPendingNews(db: Db, { limit }: { limit: number }): Promise<Taken> {
  const total: Taken = { matched: 0, pending: 0, woken: 0 };
  for (const workspaceId of await workspacesWithDueNews(db, limit)) {
    const tenant = systemTenant(workspaceId);
    try {
      const swept = await retryTransient(() => transaction((tx) => sweepWorkspace(tx, tenant, limit)));
      total.matched += swept.matched;
      total.pending += swept.pending;
      total.woken += swept.woken;
    } catch (thrown) {
      log.error("kept news of a workspace could not be looked at; the others' is", thrown, { workspace: workspaceId });
    }
  }
  if (total.woken > 0) wake();
  return total;
}

async function sweepWorkspace(tx: Db, tenant: Tenant, limit: number): Promise<Taken> {
  const rows = await lockDuePendingNews(tx, tenant, limit);
  const { applied, woken } = await applyRows(tx, tenant, rows);
  const left = rows.filter(({ id }) => !applied.has(id)).map(({ id }) => id);
  await postponePendingNews(tx, tenant, left);
  return { matched: applied.size, pending: left.length, woken };
}

/** Applies the kept rows that match by now, and removes them. Their suppressions were taken when they came. */
async function applyRows(
  db: Db,
  tenant: Tenant,
  rows: readonly PendingRow[],
): Promise<{ applied: Set<string>; woken: number }> {
  const applied = new Set<string>();
  let woken = 0;
  for (const [connectionId, mine] of grouped(rows, (row) => row.connection_id)) {
    const items = mine.flatMap((row) => {
      const news = readKept(row);
      return news === null ? [] : [{ row, news }];
    });
    const { matches } = await match(
      db,
      tenant,
      connectionId,
      items.map(({ news }) => news),
    );
    woken += await applyMatched(db, tenant, connectionId, matches);
    await tellSuppressions(db, tenant, matches);
    const matched = new Set(matches.map(({ news }) => news));
    for (const { row, news } of items) if (matched.has(news)) applied.add(row.id);
  }
  await deletePendingNews(db, tenant, [...applied]);
  return { applied, woken };
}

/** Null for what this process cannot read (a newer release wrote it): it is kept, and holds up nothing else. */
function readKept({ id, news: kept }: PendingRow): News | null {
  const read = newsSchema.safeParse(kept);
  if (read.success) return read.data;
  log.error("kept news cannot be read", read.error, { news: id });
  return null;
}

/** Which send each piece is about: by its id in the message's metadata, else by the provider's message id. */
export async function match(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  items: readonly News[],
): Promise<{ matches: Match[]; rest: News[] }> {
  const sendIds = items.flatMap((item) => sendIdOf(item) ?? []);
  const messageIds = items.flatMap((item) => item.providerMessageId ?? []);
  const sends =
    sendIds.length + messageIds.length === 0 ? [] : await lockSends(db, tenant, connectionId, { sendIds, messageIds });
  const byId = new Map(sends.map((send) => [send.id, send]));
  const byMessage = new Map(sends.map((send) => [send.provider_message_id, send]));
  const matches: Match[] = [];
  const rest: News[] = [];
  for (const item of items) {
    const send = byId.get(sendIdOf(item) ?? "") ?? byMessage.get(item.providerMessageId ?? "");
    if (send) matches.push({ send, news: item });
    else rest.push(item);
  }
  return { matches, rest };
}

/** Writes what matched news changes. @returns how many runs may go on */
export async function applyMatched(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  matches: readonly Match[],
): Promise<number> {
  if (matches.length === 0) return 0;
  const repeated = await replaceFilled(db, tenant, matches);
  const clicks = await newClicks(db, tenant, connectionId, matches);
  const changes = [...grouped(matches, ({ send }) => send)].map(([send, mine]) => {
    const change = foldNews(
      send,
      mine.map(({ news }) => news),
    );
    const opens = mine.filter(({ news }) => news.kind === "opened" && !repeated.has(news)).length;
    return { ...change, opens, send, clicks: clicks.filter((sendId) => sendId === send.id).length };
  });
  await updateSends(
    db,
    tenant,
    changes.map(({ send: _send, ...change }) => change),
  );
  const told = matches.filter(({ news }) => !repeated.has(news));
  await insertEngagement(
    db,
    tenant,
    told.map(({ send, news }) => ({
      sendId: send.id,
      kind: engagementKind(news),
      occurredAt: news.occurredAt,
      data: { ...news.data, recipient: news.recipient },
    })),
  );
  const settled = changes.filter(({ settles }) => settles);
  await countHours(db, tenant, connectionId, hourCounts(told, settled));
  await insertNewsDecisions(db, tenant, settled.map(toDecision));
  return wakeEnrollments(
    db,
    tenant,
    settled.map(({ id }) => id),
  );
}

/** For the figures of the connection: what happened, when it did; and what news proved to have been sent. */
const hourCounts = (told: readonly Match[], settled: readonly SendChange[]) => [
  ...told.flatMap(({ news: { kind, occurredAt } }) =>
    kind === "delivered" || kind === "bounced" || kind === "complained"
      ? [{ at: new Date(occurredAt), [kind]: 1 }]
      : [],
  ),
  ...settled.filter(({ status }) => status !== "failed").map(() => ({ at: systemClock(), sent: 1 })),
];

const toDecision = ({ send, status, detail }: SendChange & { send: MatchedSend }): NewsDecision => ({
  send,
  kind: status === "failed" ? "failed" : "sent",
  reason: status === "failed" ? "refused" : "reported",
  details: detail === null ? {} : { message: detail },
});

/** The sends whose links were clicked for the first time by that recipient, one entry for each. */
async function newClicks(db: Db, tenant: Tenant, connectionId: string, matches: readonly Match[]): Promise<string[]> {
  const links = new Map<string, string>();
  for (const { send, news } of matches) {
    const link = clickedLink(news);
    if (link !== null) links.set(shortKey("link", `${send.id} ${link}`), send.id);
  }
  const fresh = await takeReceipts(db, tenant, connectionId, [...links.keys()]);
  return [...links].filter(([key]) => fresh.has(key)).map(([, sendId]) => sendId);
}

/** @returns the addresses that are suppressed from now on and were not before */
async function suppress(db: Db, tenant: Tenant, connectionId: string, items: readonly News[]): Promise<Set<string>> {
  const changes = items.flatMap((item): SuppressionChange[] => {
    if (item.suppression === null || item.recipient === null) return [];
    const { reason } = item.suppression;
    // Bounces, complaints and manual ones hold for the workspace (API.md §4), whichever list the provider keeps them on.
    const scope = reason === null || reason === "unsubscribe" ? "stream" : "workspace";
    const where = { connectionId, stream: item.stream, listed: item.suppression.listed ?? true };
    return [{ ...item.suppression, ...where, scope, email: item.recipient, changedAt: new Date(item.occurredAt) }];
  });
  const began = await applySuppressions(db, tenant, changes);
  return new Set(began.map(({ email }) => email));
}

/** Says which message it was that ended the right to write. */
const tellSuppressions = (db: Db, tenant: Tenant, matches: readonly Match[]): Promise<void> =>
  insertNewsDecisions(
    db,
    tenant,
    matches.flatMap(({ send, news }): NewsDecision[] =>
      news.suppression?.active
        ? [
            {
              send,
              kind: "suppressed",
              reason: news.suppression.reason ?? "manual",
              details: { email: news.recipient },
            },
          ]
        : [],
    ),
  );

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Other senders of the same account may put anything into the metadata. */
const sendIdOf = ({ sendId }: News): string | null => (sendId && uuid.test(sendId) ? sendId.toLowerCase() : null);

const receiptKey = ({ newsKey }: News): string => (newsKey.length <= 500 ? newsKey : shortKey("news", newsKey));

/** Map.groupBy, which Node 20 has not got. */
function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
