import "server-only";
import { createHash } from "node:crypto";
import type { Tenant } from "../actor";
import type { News } from "../connections/schema";
import type { Db } from "../db";
import { newId } from "../ids";
import type { SendStatus } from "./advance";
import type { SendChange } from "./fold";

/** A send that news is about, held until the transaction ends. */
export type MatchedSend = {
  id: string;
  status: SendStatus;
  provider_message_id: string | null;
  profile_id: string | null;
  automation_id: string | null;
  enrollment_id: string | null;
  step_id: string | null;
  /** When something was first filled in by asking; null: never. */
  news_filled_at: Date | null;
};

/** Remembers natural keys for ever. @returns those that were not known; another process that takes the same one meanwhile is waited for */
export async function takeReceipts(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  keys: readonly string[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await db.sql<{ news_key: string }>(
    `insert into news_receipts (workspace_id, connection_id, news_key)
     select $1::uuid, $2::uuid, key from unnest($3::text[]) key order by key
     on conflict do nothing returning news_key`,
    [tenant.workspaceId, connectionId, [...new Set(keys)]],
  );
  return new Set(rows.map(({ news_key }) => news_key));
}

/** A key of bounded length for what may be long. */
export const shortKey = (kind: string, text: string): string =>
  `${kind}:${createHash("sha256").update(text).digest("base64url")}`;

/** The sends of one connection that the ids name, locked in the order of their ids. */
export function lockSends(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { sendIds, messageIds }: { sendIds: readonly string[]; messageIds: readonly string[] },
): Promise<MatchedSend[]> {
  // Two exact look-ups: an OR might be answered by walking the connection's sends.
  return db.sql<MatchedSend>(
    `with hit as materialized (
       select id from sends where workspace_id = $1 and id = any($3::uuid[])
       union select id from sends where workspace_id = $1 and provider_message_id = any($4::text[]))
     select s.id, s.status, s.provider_message_id, s.profile_id, s.automation_id, s.enrollment_id, s.step_id, s.news_filled_at
     from sends s where s.workspace_id = $1 and s.connection_id = $2 and s.id in (select id from hit)
     order by s.id for no key update`,
    [tenant.workspaceId, connectionId, sendIds, messageIds],
  );
}

/**
 * Writes what news changed. What was still open is settled by it: no lease, nothing due, and one attempt taken by the provider: the one
 * that the news names, also of a send that was queued again since, else the newest. `sent_at` is then when that attempt began: surely not later than the provider took it, which is what looking up relies on.
 */
export async function updateSends(
  db: Db,
  tenant: Tenant,
  changes: readonly (SendChange & { clicks: number })[],
): Promise<void> {
  await db.sql(
    `with change as materialized (
       select * from jsonb_to_recordset($2::jsonb) n(id uuid, status text, settles bool, "statusChanged" bool, detail text,
         "providerMessageId" text, "batchId" text, recipient text, "deliveredAt" timestamptz, "bouncedAt" timestamptz, "complainedAt" timestamptz,
         "openedAt" timestamptz, "clickedAt" timestamptz, opens int, clicks int)
     ), taken as materialized (
       select distinct on (a.send_id) a.send_id, a.number, a.started_at, a.batch_id::text is not distinct from lower(n."batchId") as named
       from change n join send_attempts a on a.workspace_id = $1 and a.send_id = n.id
       order by a.send_id, named desc, a.number desc
     ), proven as (
       update send_attempts a set outcome = 'accepted'
       from taken l join change n on n.id = l.send_id
       where a.workspace_id = $1 and a.send_id = l.send_id and a.number = l.number and (a.outcome is null or l.named) and n.settles
     )
     update sends s set
       status = n.status,
       reason = case when n."statusChanged" then case when n.status = 'failed' then 'refused' end else s.reason end,
       detail = case when n."statusChanged" then n.detail else s.detail end,
       due_at = case when n.settles then null else s.due_at end,
       lease_token = case when n.settles then null else s.lease_token end,
       unknown_since = case when n.settles then null else s.unknown_since end,
       provider_message_id = coalesce(s.provider_message_id, n."providerMessageId"),
       to_email = coalesce(s.to_email, n.recipient),
       sent_at = coalesce(s.sent_at, (select l.started_at from taken l where l.send_id = s.id), s.created_at),
       delivered_at = least(s.delivered_at, n."deliveredAt"),
       bounced_at = least(s.bounced_at, n."bouncedAt"),
       complained_at = least(s.complained_at, n."complainedAt"),
       opened_at = least(s.opened_at, n."openedAt"),
       clicked_at = least(s.clicked_at, n."clickedAt"),
       opens = s.opens + n.opens,
       clicks = s.clicks + n.clicks
     from change n where s.workspace_id = $1 and s.id = n.id`,
    [tenant.workspaceId, storableJson(changes)],
  );
}

/** Lets the runs that stand at settled sends go on. @returns how many */
export async function wakeEnrollments(db: Db, tenant: Tenant, sendIds: readonly string[]): Promise<number> {
  if (sendIds.length === 0) return 0;
  const [row] = await db.sql<{ woken: number }>("select wake_enrollments($1, $2::uuid[]) as woken", [
    tenant.workspaceId,
    sendIds,
  ]);
  return row?.woken ?? 0;
}

/** Adds lines to the history of sends. */
export async function insertEngagement(
  db: Db,
  tenant: Tenant,
  rows: readonly { sendId: string; kind: string; occurredAt: string; data: Record<string, unknown> }[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.sql(
    `insert into engagement_events (workspace_id, id, send_id, kind, occurred_at, data)
     select $1::uuid, n.* from unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[]) n`,
    [
      tenant.workspaceId,
      rows.map(() => newId()),
      rows.map((row) => row.sendId),
      rows.map((row) => row.kind),
      rows.map((row) => row.occurredAt),
      rows.map((row) => storableJson(row.data)),
    ],
  );
}

export type NewsDecision = { send: MatchedSend; kind: string; reason: string; details: Record<string, unknown> };

/** Says why, for people who have a profile. The table is the engine's; the row is a fact that only the news knows. */
export async function insertNewsDecisions(db: Db, tenant: Tenant, rows: readonly NewsDecision[]): Promise<void> {
  const told = rows.filter(({ send }) => send.profile_id !== null);
  if (told.length === 0) return;
  await db.sql(
    `insert into decisions (workspace_id, id, profile_id, automation_id, enrollment_id, send_id, step_id, kind, reason, details)
     select $1::uuid, n.* from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::jsonb[]) n`,
    [
      tenant.workspaceId,
      told.map(() => newId()),
      told.map(({ send }) => send.profile_id),
      told.map(({ send }) => send.automation_id),
      told.map(({ send }) => send.enrollment_id),
      told.map(({ send }) => send.id),
      told.map(({ send }) => send.step_id),
      told.map(({ kind }) => kind),
      told.map(({ reason }) => reason),
      told.map(({ details }) => storableJson(details)),
    ],
  );
}

/** JSON that PostgreSQL can hold: no U+0000 and no half characters, which a provider may pass on from a mail server. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "string" ? part.toWellFormed().replaceAll("\u0000", "") : part,
  );

/** The news of a pending row is parsed by whoever applies it. */
export type PendingRow = { id: string; connection_id: string; news: unknown };

/** Keeps news that matches nothing yet: looked at again in a minute, or when a send of the connection learns its message id. */
export async function insertPendingNews(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  items: readonly (News & { providerMessageId: string })[],
): Promise<void> {
  if (items.length === 0) return;
  await db.sql(
    `insert into pending_news (workspace_id, id, connection_id, provider_message_id, news, due_at)
     select $1::uuid, n.id, $2::uuid, n.message_id, n.news, now() + interval '1 minute'
     from unnest($3::uuid[], $4::text[], $5::jsonb[]) n(id, message_id, news)`,
    [
      tenant.workspaceId,
      connectionId,
      items.map(() => newId()),
      items.map((item) => item.providerMessageId),
      items.map(storableJson),
    ],
  );
}

/** Pending news of messages, oldest first, as much as fits into one go. What a sweep holds at this moment is left to it, as is the rest. */
export const lockPendingNews = (db: Db, tenant: Tenant, connectionId: string, messageIds: readonly string[]) =>
  db.sql<PendingRow>(
    `select id, connection_id, news from pending_news
     where workspace_id = $1 and connection_id = $2 and provider_message_id = any($3::text[])
     order by id limit $4 for update skip locked`,
    [tenant.workspaceId, connectionId, messageIds, appliedAtOnceMax],
  );

const appliedAtOnceMax = 1_000;

/** Pending news of a workspace that is to be looked at again, oldest first. */
export const lockDuePendingNews = (db: Db, tenant: Tenant, limit: number) =>
  db.sql<PendingRow>(
    `select id, connection_id, news from pending_news
     where workspace_id = $1 and due_at <= now() order by due_at, id limit $2 for update skip locked`,
    [tenant.workspaceId, limit],
  );

export async function deletePendingNews(db: Db, tenant: Tenant, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await db.sql("delete from pending_news where workspace_id = $1 and id = any($2::uuid[])", [
      tenant.workspaceId,
      ids,
    ]);
}

/** Next look: 1, 10 and 60 minutes after it came; then it is kept for the record only. */
export async function postponePendingNews(db: Db, tenant: Tenant, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await db.sql(
      `update pending_news set sweeps = sweeps + 1,
         due_at = case sweeps when 0 then created_at + interval '10 minutes' when 1 then created_at + interval '60 minutes' end
       where workspace_id = $1 and id = any($2::uuid[])`,
      [tenant.workspaceId, ids],
    );
}

/** Workspaces with pending news that is due: one probe for each workspace that has any, so history costs nothing. */
export async function workspacesWithDueNews(db: Db, limit: number): Promise<string[]> {
  const rows = await db.sql<{ workspace_id: string }>(
    `with recursive tenant(workspace_id) as (
       (select workspace_id from pending_news order by workspace_id limit 1)
       union all
       select (select p.workspace_id from pending_news p where p.workspace_id > t.workspace_id order by p.workspace_id limit 1)
       from tenant t where t.workspace_id is not null)
     select workspace_id from tenant t
     where workspace_id is not null
       and exists (select from pending_news p where p.workspace_id = t.workspace_id and p.due_at <= now())
     limit $1`,
    [limit],
  );
  return rows.map(({ workspace_id }) => workspace_id);
}
