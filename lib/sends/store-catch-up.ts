import "server-only";
import * as z from "zod";
import type { Tenant } from "../actor";
import { type Db, transaction } from "../db";
import { newId } from "../ids";
import type { Cursor, Cursors, LaneState, LookWindow } from "./catch-up-schedule";

/** A connection and stream whose news is asked for. */
export type NewsLane = { workspaceId: string; connectionId: string; stream: string };

/** A lane that is this process's until the lease lapses, with as many calls as may be made on it now. */
export type CatchUpClaim = {
  token: string;
  /** The database's clock. */
  at: Date;
  hour: Date;
  calls: number;
  state: LaneState;
  listedUntil: Date | null;
  failures: number;
};

/** Lanes whose turn it is, the longest overdue first. A connection whose token is refused is not asked. */
export async function dueCatchUps(db: Db, limit: number): Promise<NewsLane[]> {
  return db.sql<NewsLane>(
    `select l.workspace_id as "workspaceId", l.connection_id as "connectionId", l.message_stream as stream from send_lanes l
     join connections c on c.workspace_id = l.workspace_id and c.id = l.connection_id and c.deleted_at is null and c.status <> 'failing'
     left join catch_ups u on u.workspace_id = l.workspace_id and u.connection_id = l.connection_id and u.message_stream = l.message_stream
     where coalesce(u.due_at <= statement_timestamp(), true)
     order by u.due_at nulls first limit $1`,
    [limit],
  );
}

type Row = {
  message_stream: string;
  cursors: unknown;
  listed_until: Date | null;
  listed_at: Date | null;
  webhook_at: Date | null;
  asked_at: Date | null;
  due: boolean;
  leased: boolean;
  failures: number;
  at: Date;
};

/** After so long a lane asks again for calls that another lane of its connection has and may not need. */
const heldCallsMs = 20_000;

/**
 * Takes a lane for `leaseMs`, with `callsPerPass` calls at most of what is left of the connection's `callsPerHour`: they count from now on,
 * so that nobody makes more, whatever becomes of this process. Null: it is somebody's, not its turn, or there are no calls left: it is
 * due again with the next hour, or soon while other lanes have calls that may come back.
 */
export async function claimCatchUp(
  db: Db,
  tenant: Tenant,
  { connectionId, stream }: NewsLane,
  { leaseMs, callsPerPass, callsPerHour }: { leaseMs: number; callsPerPass: number; callsPerHour: number },
): Promise<CatchUpClaim | null> {
  const place = [tenant.workspaceId, connectionId, stream];
  // Committed before the rows are locked: two lanes that are new would not see each other, and both take all calls.
  await db.sql(
    "insert into catch_ups (workspace_id, connection_id, message_stream) values ($1, $2, $3) on conflict do nothing",
    place,
  );
  return transaction(async () => {
    // All lanes of the connection: they share its calls.
    const rows = await db.sql<Row>(
      `select message_stream, cursors, listed_until, listed_at, webhook_at, asked_at, failures, due_at <= clock_timestamp() as due,
         lease_token is not null and due_at > clock_timestamp() as leased,
         date_trunc('milliseconds', clock_timestamp()) as at
       from catch_ups where workspace_id = $1 and connection_id = $2 order by message_stream for update`,
      place.slice(0, 2),
    );
    const row = rows.find(({ message_stream }) => message_stream === stream);
    if (!row?.due) return null;
    const token = newId();
    const held = rows.some(({ leased }) => leased);
    const [granted] = await db.sql<{ calls: number; hour: Date }>(
      `with present as materialized (select date_trunc('hour', $4::timestamptz) as hour
       ), granted as materialized (
         select p.hour, least($5::int, greatest(0, $6::int - coalesce(sum(h.calls), 0)))::int as calls
         from present p left join catch_up_hours h on h.workspace_id = $1 and h.connection_id = $2 and h.hour = p.hour
         group by p.hour
       ), counted as (
         insert into catch_up_hours (workspace_id, connection_id, message_stream, hour, calls)
         select $1::uuid, $2::uuid, $3, g.hour, g.calls from granted g where g.calls > 0
         on conflict (workspace_id, connection_id, hour, message_stream) do update set calls = catch_up_hours.calls + excluded.calls
       ), forgotten as (
         delete from catch_up_hours h using present p
         where h.workspace_id = $1 and h.connection_id = $2 and h.hour < p.hour - interval '2 days')
       update catch_ups u set lease_token = case when g.calls > 0 then $7::uuid end,
         due_at = case when g.calls > 0 then $4::timestamptz + $8::float8 * interval '1 millisecond'
           else least(g.hour + interval '1 hour', $4::timestamptz + $9::float8 * interval '1 millisecond') end
       from granted g where u.workspace_id = $1 and u.connection_id = $2 and u.message_stream = $3
       returning g.calls, g.hour`,
      [...place, row.at, callsPerPass, callsPerHour, token, leaseMs, held ? heldCallsMs : null],
    );
    return granted === undefined || granted.calls === 0 ? null : { token, ...granted, ...claimed(row) };
  });
}

const claimed = (row: Row) => ({
  at: row.at,
  failures: row.failures,
  listedUntil: row.listed_until,
  state: {
    cursors: readCursors(row.cursors),
    webhookAt: row.webhook_at,
    asked: row.asked_at !== null,
    listedAt: row.listed_at,
  },
});

const storedCursors = z.record(z.string(), z.object({ at: z.coerce.date(), id: z.uuid() }));
/** What cannot be read (a newer release wrote it) is begun anew: looking twice does no harm. */
const readCursors = (stored: unknown): Cursors => new Map(Object.entries(storedCursors.safeParse(stored).data ?? {}));

/** A send that left, as far as asking for it goes. */
export type LeftSend = { id: string; status: string; messageId: string | null; batchId: string | null; sentAt: Date };

/** What left on a lane behind a look's cursor, in the order of leaving: from the index, however much left before. */
export const sendsThatLeft = (
  db: Db,
  tenant: Tenant,
  { connectionId, stream }: NewsLane,
  { after, until, limit }: { after: Cursor; until: Date; limit: number },
): Promise<LeftSend[]> =>
  db.sql<LeftSend>(
    `select id, status, provider_message_id as "messageId", batch_id as "batchId", sent_at as "sentAt" from sends
     where workspace_id = $1 and connection_id = $2 and message_stream = $3
       and sent_at >= $4 and sent_at <= $5 and (sent_at, id) > ($4, $6::uuid)
     order by sent_at, id limit $7`,
    [tenant.workspaceId, connectionId, stream, after.at, until, after.id, limit],
  );

/** When the newest send left, of those that left before a moment. */
export async function newestThatLeft(
  db: Db,
  tenant: Tenant,
  { connectionId, stream }: NewsLane,
  before: Date,
): Promise<Date | null> {
  const [row] = await db.sql<{ at: Date }>(
    `select sent_at as at from sends where workspace_id = $1 and connection_id = $2 and message_stream = $3 and sent_at <= $4
     order by sent_at desc limit 1`,
    [tenant.workspaceId, connectionId, stream, before],
  );
  return row?.at ?? null;
}

/** When the next send comes of age for a look; null: none has left that has one before it. */
export async function nextOfAge(
  db: Db,
  tenant: Tenant,
  { connectionId, stream }: NewsLane,
  windows: readonly LookWindow[],
): Promise<Date | null> {
  const [row] = await db.sql<{ at: Date | null }>(
    `select min(s.sent_at + w.after_ms * interval '1 millisecond') as at
     from unnest($4::timestamptz[], $5::uuid[], $6::float8[]) w(at, id, after_ms)
     cross join lateral (
       select s.sent_at from sends s
       where s.workspace_id = $1 and s.connection_id = $2 and s.message_stream = $3 and s.sent_at >= w.at and (s.sent_at, s.id) > (w.at, w.id)
       order by s.sent_at, s.id limit 1) s`,
    [
      tenant.workspaceId,
      connectionId,
      stream,
      windows.map(({ after }) => after.at),
      windows.map(({ after }) => after.id),
      windows.map(({ look }) => look.afterMs),
    ],
  );
  return row?.at ?? null;
}

/** How far a pass has come. `filled`: since it was last saved. */
export type Progress = { cursors: Cursors; listedUntil: Date | null; listedAt: Date | null; filled: number };

/** @returns whether the lane is still this process's; if it is not, only what was filled is written, which is a fact */
export async function saveProgress(
  db: Db,
  tenant: Tenant,
  { connectionId, stream }: NewsLane,
  { token, hour, at, cursors, listedUntil, listedAt, filled }: Progress & Pick<CatchUpClaim, "token" | "hour" | "at">,
): Promise<boolean> {
  const [row] = await db.sql<{ mine: boolean }>(
    `with counted as (
       update catch_up_hours set filled = filled + $8
       where workspace_id = $1 and connection_id = $2 and message_stream = $3 and hour = $9
     ), saved as (
       update catch_ups set listed_until = $6,
         cursors = case when asked_at > $10 then cursors else $5::jsonb end,
         listed_at = case when asked_at > $10 then listed_at else $7::timestamptz end
       where workspace_id = $1 and connection_id = $2 and message_stream = $3 and lease_token = $4 returning 1)
     select exists (select from saved) as mine`,
    [
      tenant.workspaceId,
      connectionId,
      stream,
      token,
      JSON.stringify(Object.fromEntries(cursors)),
      listedUntil,
      listedAt,
      filled,
      hour,
      at,
    ],
  );
  return row?.mine ?? false;
}

/** How a pass ended. `done`: all that was asked for; `callsLeft`: go back to the connection's hour. */
export type PassEnd = { done: boolean; dueInMs: number; failures: number; error: string | null; callsLeft: number };

/** Gives a lane back. @returns whether it was still this process's */
export async function endCatchUp(
  db: Db,
  tenant: Tenant,
  { connectionId, stream }: NewsLane,
  { token, hour, at }: CatchUpClaim,
  { done, dueInMs, failures, error, callsLeft }: PassEnd,
): Promise<boolean> {
  const [row] = await db.sql<{ mine: boolean }>(
    `with counted as (
       update catch_up_hours set calls = calls - $9
       where workspace_id = $1 and connection_id = $2 and message_stream = $3 and hour = $10
     ), ended as (
       update catch_ups set lease_token = null, failures = $5, last_error = $6, last_ran_at = clock_timestamp(),
         asked_at = case when not $7::bool or asked_at > $11 then asked_at end,
         due_at = case when asked_at > $11 then clock_timestamp()
           else clock_timestamp() + $8::float8 * interval '1 millisecond' end
       where workspace_id = $1 and connection_id = $2 and message_stream = $3 and lease_token = $4 returning 1)
     select exists (select from ended) as mine`,
    [tenant.workspaceId, connectionId, stream, token, failures, error, done, dueInMs, callsLeft, hour, at],
  );
  return row?.mine ?? false;
}

/** Has all lanes of a connection looked at anew, as soon as somebody can: a person asked for it. @returns them */
export const askForCatchUp = (db: Db, tenant: Tenant, connectionId: string): Promise<NewsLane[]> =>
  db.sql<NewsLane>(
    `insert into catch_ups as u (workspace_id, connection_id, message_stream, asked_at)
     select workspace_id, connection_id, message_stream, date_trunc('milliseconds', clock_timestamp()) from send_lanes
     where workspace_id = $1 and connection_id = $2 order by message_stream
     on conflict (workspace_id, connection_id, message_stream) do update set asked_at = excluded.asked_at, cursors = '{}', listed_at = null,
       due_at = case when u.lease_token is null then clock_timestamp() else u.due_at end
     returning workspace_id as "workspaceId", connection_id as "connectionId", message_stream as stream`,
    [tenant.workspaceId, connectionId],
  );

/** A webhook about a stream has come. Written twice a minute at most, so that they do not wait for each other. */
export async function noteWebhook(db: Db, tenant: Tenant, connectionId: string, stream: string): Promise<void> {
  await db.sql(
    `insert into catch_ups as u (workspace_id, connection_id, message_stream, webhook_at)
     select workspace_id, connection_id, message_stream, clock_timestamp() from send_lanes
     where workspace_id = $1 and connection_id = $2 and message_stream = $3
     on conflict (workspace_id, connection_id, message_stream) do update set webhook_at = excluded.webhook_at
     where u.webhook_at is null or u.webhook_at < clock_timestamp() - interval '30 seconds'`,
    [tenant.workspaceId, connectionId, stream],
  );
}

/** Of all lanes of a connection together. `null`s: never. */
export type CatchUpFacts = {
  webhookAt: Date | null;
  ranAt: Date | null;
  dueAt: Date | null;
  running: boolean;
  error: string | null;
  calls: number;
  hourEndsAt: Date;
  filled: number;
};

/** What catching up has come to on a connection: its hour's calls, and what was filled in during the last 24 hours. */
export async function readCatchUp(db: Db, tenant: Tenant, connectionId: string): Promise<CatchUpFacts> {
  const [row] = await db.sql<CatchUpFacts>(
    `select max(u.webhook_at) as "webhookAt", max(u.last_ran_at) as "ranAt", min(u.due_at) as "dueAt",
       coalesce(bool_or(u.lease_token is not null and u.due_at > now()), false) as running,
       (array_agg(u.last_error order by u.last_ran_at desc) filter (where u.last_error is not null))[1] as error,
       date_trunc('hour', now()) + interval '1 hour' as "hourEndsAt",
       (select coalesce(sum(h.calls), 0)::int from catch_up_hours h
         where h.workspace_id = $1 and h.connection_id = $2 and h.hour = date_trunc('hour', now())) as calls,
       (select coalesce(sum(h.filled), 0)::int from catch_up_hours h
         where h.workspace_id = $1 and h.connection_id = $2 and h.hour > now() - interval '24 hours') as filled
     from catch_ups u where u.workspace_id = $1 and u.connection_id = $2`,
    [tenant.workspaceId, connectionId],
  );
  if (row === undefined) throw new Error("an aggregate gave no row");
  return row;
}
