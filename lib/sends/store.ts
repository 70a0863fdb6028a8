import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import type { SendStatus } from "./advance";
import { isHeldBy, type Send, type SendEvent, sendStatus } from "./schema";

export type SendRow = {
  id: string;
  kind: string;
  connection_id: string;
  message_stream: string;
  automation_id: string | null;
  enrollment_id: string | null;
  step_id: string | null;
  profile_id: string | null;
  to_email: string | null;
  from_email: string | null;
  subject: string | null;
  status: string;
  reason: string | null;
  detail: string | null;
  attempts: number;
  provider_message_id: string | null;
  created_at: Date;
  sent_at: Date | null;
  delivered_at: Date | null;
  opened_at: Date | null;
  clicked_at: Date | null;
  opens: number;
  clicks: number;
  waiting_since: Date | null;
  due_at: Date | null;
};

/** What holds a queued send and is its connection's, its lane's, its automation's or the workspace's. */
const hold = "send_hold(s.workspace_id, s.connection_id, s.message_stream, s.automation_id)";
/** "late" is for a person to decide. What else a queued row remembers is of its last attempt: what holds it now comes first. */
const columns = `s.id, s.kind, s.connection_id, s.message_stream, s.automation_id, s.enrollment_id, s.step_id, s.profile_id,
  s.to_email, s.from_email, s.subject, s.status,
  case when s.status = 'queued' and s.reason is distinct from 'late' then coalesce(h.hold, s.reason) else s.reason end as reason,
  s.detail, s.attempts, s.provider_message_id, s.created_at, s.sent_at, s.delivered_at, s.opened_at, s.clicked_at, s.opens, s.clicks,
  case s.status when 'queued' then s.scheduled_at when 'unknown' then s.unknown_since end as waiting_since,
  case when s.status in ('queued', 'sending', 'unknown') and h.hold is null then s.due_at end as due_at`;

export type SendFilter = {
  /** Only these. */
  ids?: readonly string[];
  messageId?: string;
  email?: string;
  profileIds?: readonly string[];
  automationId?: string;
  status?: SendStatus;
  connectionId?: string;
  /** As it is shown: what holds a queued send now comes before what it remembers. */
  reason?: string;
  /** Queued, and somebody has to let it go. */
  held?: boolean;
  /** The beginning of the recipient, or part of the subject. */
  text?: string;
};

/** How many sends one page may walk while it looks for those that match. */
const walkedMax = 5000;
/** How many recipients' sends a prefix may find at once; beyond that they are common enough to be walked to. */
const prefixMatchesMax = 1000;

/**
 * Newest first, from below `before`. One filter is answered by its index; the others are tried on at most `walkedMax` rows, so that a
 * rare match cannot make a page walk the whole history: that page is short, and its cursor says where to go on.
 */
export async function selectSends(
  db: Db,
  tenant: Tenant,
  filter: SendFilter,
  { before, limit }: { before?: string; limit: number },
): Promise<{ rows: SendRow[]; cursor: string | null }> {
  const values: unknown[] = [tenant.workspaceId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { indexed, others } = testsOf(filter, bind);
  const walkLimit = others.length === 0 ? limit + 1 : walkedMax;
  const [found] = await db.sql<{ ids: string[] | null; walked: number; last: string | null }>(
    `with walked as materialized (
       select s.* from sends s where s.workspace_id = $1 and ${indexed} ${before ? `and s.id < ${bind(before)}` : ""}
       order by s.id desc limit ${bind(walkLimit)}
     ), found as (
       select s.id from walked s where ${others.join(" and ") || "true"} order by s.id desc limit ${bind(limit + 1)})
     select (select array_agg(id order by id desc) from found) as ids, (select count(*)::int from walked) as walked,
       (select id from walked order by id limit 1) as last`,
    values,
  );
  const ids = found?.ids ?? [];
  const rows = await selectSendsById(db, tenant, ids.slice(0, limit));
  if (ids.length > limit) return { rows, cursor: ids[limit - 1] ?? null };
  return { rows, cursor: others.length > 0 && found?.walked === walkedMax ? found.last : null };
}

/** Newest first. */
export const selectSendsById = (db: Db, tenant: Tenant, ids: readonly string[]): Promise<SendRow[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db.sql<SendRow>(
        `select ${columns} from sends s left join lateral (select ${hold} as hold where s.status = 'queued') h on true
         where s.workspace_id = $1 and s.id = any($2::uuid[]) order by s.id desc`,
        [tenant.workspaceId, ids],
      );

/** The most selective filter that has an index, and the rest. */
function testsOf(filter: SendFilter, bind: (value: unknown) => string): { indexed: string; others: string[] } {
  const byIndex: string[] = [];
  const byRow: string[] = [];
  if (filter.ids) byIndex.push(`s.id = any(${bind(filter.ids)}::uuid[])`);
  if (filter.messageId) byIndex.push(`s.provider_message_id = ${bind(filter.messageId)}`);
  if (filter.email) byIndex.push(`lower(s.to_email) = ${bind(filter.email)}`);
  if (filter.profileIds) byIndex.push(`s.profile_id = any(${bind(filter.profileIds)}::uuid[])`);
  if (filter.reason !== undefined) testReason(filter.reason, { bind, byIndex, byRow });
  if (filter.held === true) byIndex.push("s.status = 'queued'");
  if (filter.held !== undefined)
    byRow.push(
      `(s.status = 'queued' and (s.reason is not distinct from 'late' or ${hold} is not null)) = ${filter.held}`,
    );
  if (filter.automationId) byIndex.push(`s.automation_id = ${bind(filter.automationId)}`);
  if (filter.status) byIndex.push(`s.status = ${bind(filter.status)}`);
  if (filter.connectionId) byRow.push(`s.connection_id = ${bind(filter.connectionId)}`);
  if (filter.text)
    byRow.push(
      `(lower(s.to_email) like ${bind(`${likeText(filter.text.toLowerCase())}%`)} or s.subject ilike ${bind(`%${likeText(filter.text)}%`)})`,
    );
  const [indexed = "true", ...rest] = byIndex;
  return { indexed, others: [...rest, ...byRow] };
}

/** A stored reason has an index; what holds a send is worked out, of queued ones. */
function testReason(
  reason: string,
  { bind, byIndex, byRow }: { bind: (value: unknown) => string; byIndex: string[]; byRow: string[] },
): void {
  if (isHeldBy(reason)) {
    byIndex.push("s.status = 'queued'");
    byRow.push(`s.reason is distinct from 'late' and ${hold} = ${bind(reason)}`);
    return;
  }
  byIndex.push(`s.reason = ${bind(reason)}`);
  if (reason !== "late") byRow.push(`(s.status <> 'queued' or ${hold} is null)`);
}

/** The sends that an id names: ours, or the provider's of the message. */
export async function selectIdsNamed(db: Db, tenant: Tenant, { uuid, text }: { uuid: string | null; text: string }) {
  const rows = await db.sql<{ id: string }>(
    `select id from sends where workspace_id = $1 and id = $2::uuid
     union select id from sends where workspace_id = $1 and provider_message_id = $3 limit 100`,
    [tenant.workspaceId, uuid, text],
  );
  return rows.map(({ id }) => id);
}

/** The sends that a text finds: by the beginning of the recipient, all of them; by part of the subject, the recent ones. Null: too many. */
export async function selectIdsMatching(db: Db, tenant: Tenant, text: string): Promise<string[] | null> {
  const rows = await db.sql<{ id: string }>(
    `(select id from sends where workspace_id = $1 and lower(to_email) like $2 limit $4)
     union
     (select id from (select id, subject from sends where workspace_id = $1 order by id desc limit $5) recent
      where subject ilike $3 limit $4)`,
    [tenant.workspaceId, `${likeText(text.toLowerCase())}%`, `%${likeText(text)}%`, prefixMatchesMax + 1, walkedMax],
  );
  return rows.length > prefixMatchesMax ? null : rows.map(({ id }) => id);
}

/** What a provider reported of a send, and our calls to it: oldest first, at most 500 each. */
export async function selectSendEvents(db: Db, tenant: Tenant, sendId: string): Promise<SendEvent[]> {
  const rows = await db.sql<{ type: string; occurred_at: Date; data: Record<string, unknown> }>(
    `(select kind as type, occurred_at, data from engagement_events
      where workspace_id = $1 and send_id = $2 order by occurred_at, id limit 500)
     union all
     (select 'attempt', started_at, jsonb_strip_nulls(jsonb_build_object(
        'number', number, 'outcome', outcome, 'code', code, 'detail', detail, 'batch_id', batch_id, 'stream', message_stream))
      from send_attempts where workspace_id = $1 and send_id = $2 order by number limit 500)
     union all
     (select case d.reason when 'marked_sent' then 'marked_sent' when 'sent_again_by_person' then 'sent_again' else d.kind end,
        uuid_time(d.id), coalesce(nullif(d.details, 'null'), '{}') || jsonb_build_object('reason', d.reason)
      from sends s join decisions d on d.workspace_id = $1 and d.enrollment_id = s.enrollment_id and d.send_id = s.id
      where s.workspace_id = $1 and s.id = $2
        and (d.kind in ('skipped', 'failed', 'held', 'suppressed') or d.reason in ('marked_sent', 'sent_again_by_person'))
      order by d.id limit 100)`,
    [tenant.workspaceId, sendId],
  );
  return rows.map((row) => ({ ...row, occurred_at: row.occurred_at.toISOString() }));
}

/**
 * Drops queued sends of automations. `since` null: all, and those on their way should they come back. Else what was to leave since
 * that moment, when a stop began, and what nothing but the stop has kept. @returns how many
 */
export async function skipQueued(
  db: Db,
  tenant: Tenant,
  { automationId, since, reason }: { automationId: string | null; since: Date | null; reason: string },
): Promise<number> {
  const [row] = await db.sql<{ skipped: number }>("select skip_queued_sends($1, $2, $3, $4) as skipped", [
    tenant.workspaceId,
    automationId,
    since,
    reason,
  ]);
  return row?.skipped ?? 0;
}

/** Nobody else touches an automation's queued sends before the transaction ends: for whoever is about to hold its runs, too. */
export async function holdQueued(db: Db, tenant: Tenant, { automationId }: { automationId: string }): Promise<void> {
  await db.sql(
    "select from sends where workspace_id = $1 and automation_id = $2 and status = 'queued' order by id for no key update",
    [tenant.workspaceId, automationId],
  );
}

/**
 * Puts the sends that left the queue while their automation was paused back into it. What a person has to decide about, which has a
 * reason of its own, stays. @returns how many
 */
export async function releaseParked(
  db: Db,
  tenant: Tenant,
  { automationId }: { automationId: string },
): Promise<number> {
  const [row] = await db.sql<{ released: number }>(
    `with parked as (
       select id from sends
       where workspace_id = $1 and status = 'queued' and automation_id = $2 and due_at is null and reason is null
       order by id for no key update
     ), released as (
       update sends s set due_at = date_trunc('milliseconds', clock_timestamp()) from parked where s.workspace_id = $1 and s.id = parked.id returning 1)
     select count(*)::int as released from released`,
    [tenant.workspaceId, automationId],
  );
  return row?.released ?? 0;
}

/** Runs whose time has come leave out the sends that they were ready for before now. @returns how many runs */
export async function skipOverdueSteps(
  db: Db,
  tenant: Tenant,
  { automationId }: { automationId: string | null },
): Promise<number> {
  const [row] = await db.sql<{ marked: number }>("select skip_overdue_steps($1, $2) as marked", [
    tenant.workspaceId,
    automationId,
  ]);
  return row?.marked ?? 0;
}

/** As the API shows it. */
export function toSend(tenant: Tenant, row: SendRow): Send {
  const { connection_id, to_email, from_email, kind: _kind, detail: _detail, ...same } = row;
  const moment = (at: Date | null) => at?.toISOString() ?? null;
  return {
    ...same,
    project_id: tenant.workspaceId,
    email_provider_id: connection_id,
    to: to_email,
    from: from_email,
    status: sendStatus.parse(row.status),
    created_at: row.created_at.toISOString(),
    sent_at: moment(row.sent_at),
    delivered_at: moment(row.delivered_at),
    opened_at: moment(row.opened_at),
    clicked_at: moment(row.clicked_at),
    waiting_since: moment(row.waiting_since),
    due_at: moment(row.due_at),
  };
}

/** A user's text inside LIKE. */
const likeText = (text: string): string => text.replace(/[\\%_]/g, "\\$&");
