import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { log } from "../log";

/** What came of sends, to be counted in the hour in which it happened. */
export type HourCount = { at: Date; sent?: number; delivered?: number; bounced?: number; complained?: number };

/**
 * Adds to a connection's hours. In the transaction of what is counted, it counts once; those who count at the same moment have rows of
 * their own, so nobody waits for it.
 */
export async function countHours(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  counts: readonly HourCount[],
): Promise<void> {
  if (counts.length === 0) return;
  await db.sql(
    `insert into connection_hours (workspace_id, connection_id, hour, shard, sent, delivered, bounced, complained)
     select $1::uuid, $2::uuid, date_trunc('hour', n.at, 'UTC'), (pg_backend_pid() % 16)::smallint,
       coalesce(sum(n.sent), 0), coalesce(sum(n.delivered), 0), coalesce(sum(n.bounced), 0), coalesce(sum(n.complained), 0)
     from jsonb_to_recordset($3::jsonb) n(at timestamptz, sent int, delivered int, bounced int, complained int)
     group by 3 order by 3
     on conflict (workspace_id, connection_id, hour, shard) do update set
       sent = connection_hours.sent + excluded.sent, delivered = connection_hours.delivered + excluded.delivered,
       bounced = connection_hours.bounced + excluded.bounced, complained = connection_hours.complained + excluded.complained`,
    [tenant.workspaceId, connectionId, JSON.stringify(counts)],
  );
}

/** Counts what was sent just now. Never throws: figures are worth less than what is counted. Not inside a transaction. */
export async function countSentNow(db: Db, tenant: Tenant, connectionId: string, sent: number): Promise<void> {
  try {
    await countHours(db, tenant, connectionId, [{ at: new Date(), sent }]);
  } catch (thrown) {
    log.error("sends were not counted", thrown, { connection: connectionId });
  }
}

/** Forgets hours of more than 32 days ago, a bounded number at a time. @returns how many rows went */
export async function forgetOldHours(db: Db, rowsMax: number): Promise<number> {
  const rows = await db.sql(
    `delete from connection_hours h using (select ctid as place from connection_hours
       where hour < now() - interval '32 days' limit $1) old
     where h.ctid = old.place returning 1`,
    [rowsMax],
  );
  return rows.length;
}

export type WindowBounds = { hours: number; bucket: "hour" | "day" };
export type OutcomeRow = { at: Date; sent: number; delivered: number; bounced: number; complained: number };
export type CallRow = {
  at: Date;
  outcome: string;
  code: number;
  calls: number;
  messages: number;
  msTotal: number;
  msMax: number;
};

/** What came of a connection's sends in the last `hours`, by hour or day (UTC), oldest first; what is empty is missing. */
export const readOutcomes = (
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { hours, bucket }: WindowBounds,
): Promise<OutcomeRow[]> =>
  db.sql<OutcomeRow>(
    `select date_trunc('${bucket}', hour, 'UTC') as at, sum(sent)::float8 as sent, sum(delivered)::float8 as delivered,
       sum(bounced)::float8 as bounced, sum(complained)::float8 as complained
     from connection_hours where workspace_id = $1 and connection_id = $2
       and hour > date_trunc('${bucket}', now(), 'UTC') - make_interval(hours => $3)
     group by 1 order by 1`,
    [tenant.workspaceId, connectionId, hours],
  );

/** What calls that send came to, by hour or day (UTC) and by code. Bounded by the month for which minutes are kept. */
export const readCalls = (
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { hours, bucket }: WindowBounds,
): Promise<CallRow[]> =>
  db.sql<CallRow>(
    `select date_trunc('${bucket}', minute, 'UTC') as at, outcome, code, sum(calls)::float8 as calls, sum(messages)::float8 as messages,
       sum(ms_total)::float8 as "msTotal", max(ms_max) as "msMax"
     from provider_calls where workspace_id = $1 and connection_id = $2 and call = 'send'
       and minute > date_trunc('${bucket}', now(), 'UTC') - make_interval(hours => $3)
     group by 1, 2, 3 order by 1, 2, 3`,
    [tenant.workspaceId, connectionId, hours],
  );
