import "server-only";
import { type Db, sqlState } from "../db";
import type { DueLane } from "./schema";

/**
 * Who has work: cheap reads over all workspaces. Each probe is exact in an index, so neither backlogs nor history cost anything.
 * The database's clock, as the present of the statement: a volatile function could not be looked up in an index.
 */
const present = "statement_timestamp()";

/** Workspaces with due runs, in turn: those behind `after`. A stopped workspace has none. */
export async function dueWorkspaces(
  db: Db,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const rows = await db.sql<{ id: string }>(
    `select w.id from workspaces w
     cross join lateral (select from enrollments e where e.workspace_id = w.id and e.due_at <= ${present} limit 1) due
     where w.sending_stopped_at is null and w.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
     order by w.id limit $2`,
    [after, limit],
  );
  return rows.map(({ id }) => id);
}

type LaneRow = { workspace_id: string; connection_id: string; message_stream: string; failures: number };
const toLane = (row: LaneRow): DueLane => ({
  workspaceId: row.workspace_id,
  connectionId: row.connection_id,
  stream: row.message_stream,
  failures: row.failures,
});

/** From all lanes that may send, as far as workspace and connection go. */
const openLanes = `send_lanes l
  join workspaces w on w.id = l.workspace_id and w.sending_stopped_at is null
  join connections c on c.workspace_id = l.workspace_id and c.id = l.connection_id and c.status in ('ready', 'unvalidated') and c.deleted_at is null
  left join connection_limits m on m.workspace_id = l.workspace_id and m.connection_id = l.connection_id`;
/** When such a lane opens, and its connection's limits leave room; null when it is open. */
const opensAt = "greatest(lane_opens_at(l.not_before, l.held_reason, l.held_for, c.updated_at), m.opens_at)";
const isOpen = `coalesce(${opensAt} <= ${present}, true)`;
const sendsOf = (status: string) =>
  `sends s where s.workspace_id = l.workspace_id and s.connection_id = l.connection_id and s.message_stream = l.message_stream and s.status = '${status}'`;

/** Lanes with queued sends that may leave now, the one that waits for longest first. */
export async function dueLanes(db: Db, limit: number): Promise<DueLane[]> {
  const rows = await db.sql<LaneRow>(
    `select l.workspace_id, l.connection_id, l.message_stream, l.failures from ${openLanes}
     cross join lateral (select s.due_at from ${sendsOf("queued")} and s.due_at <= ${present} order by s.due_at limit 1) due
     where ${isOpen}
     order by due.due_at limit $1`,
    [limit],
  );
  return rows.map(toLane);
}

/** Lanes with sends whose lease lapsed or whose look-up is due. Whether the lane may send does not matter for that. */
export async function unsettledLanes(db: Db, limit: number): Promise<DueLane[]> {
  const rows = await db.sql<LaneRow>(
    `select l.workspace_id, l.connection_id, l.message_stream, l.failures from send_lanes l
     cross join lateral (
       (select s.due_at from ${sendsOf("sending")} and s.due_at <= ${present} order by s.due_at limit 1)
       union all (select s.due_at from ${sendsOf("unknown")} and s.due_at <= ${present} order by s.due_at limit 1)
       order by 1 limit 1) due
     order by due.due_at limit $1`,
    [limit],
  );
  return rows.map(toLane);
}

/** How long until anything is due, in milliseconds; 0 when something is; null when nothing waits. */
export async function nextDueMs(db: Db): Promise<number | null> {
  const first = (status: string) =>
    `(select s.due_at from ${sendsOf(status)} and s.due_at is not null order by s.due_at limit 1)`;
  const [row] = await db.sql<{ ms: number | null }>(
    `select extract(epoch from min(due_at) - ${present})::float8 * 1000 as ms from (
       select e.due_at from workspaces w
       cross join lateral (select due_at from enrollments where workspace_id = w.id and due_at is not null order by due_at limit 1) e
       where w.sending_stopped_at is null
       union all
       select greatest(q.due_at, ${opensAt}) from ${openLanes} cross join lateral ${first("queued")} q
       union all
       select u.due_at from send_lanes l cross join lateral (${first("sending")} union all ${first("unknown")}) u) waiting`,
  );
  return row?.ms === null || row === undefined ? null : Math.max(0, row.ms);
}

const countedMax = 1_000;

/** Due work that could be done now, counted up to a thousand for each workspace and lane. */
export async function remainingWork(db: Db): Promise<number> {
  const some = (status: string) =>
    `(select count(*) n from (select from ${sendsOf(status)} and s.due_at <= ${present} limit ${countedMax}) t)`;
  const [row] = await db.sql<{ n: number }>(
    `select coalesce(sum(n), 0)::int as n from (
       select e.n from workspaces w cross join lateral (
         select count(*) n from (select from enrollments where workspace_id = w.id and due_at <= ${present} limit ${countedMax}) t) e
       where w.sending_stopped_at is null
       union all select q.n from ${openLanes} cross join lateral ${some("queued")} q where ${isOpen}
       union all select u.n from send_lanes l cross join lateral (${some("sending")} union all ${some("unknown")}) u) due`,
  );
  return row?.n ?? 0;
}

/** This process is alive. Rows of the dead are cleared after a day. */
export async function beat(db: Db, { process, kind }: { process: string; kind: "server" | "worker" | "cron" }) {
  await db.sql(
    `with cleared as (delete from heartbeats where beat_at < now() - interval '1 day')
     insert into heartbeats (process, kind, beat_at, started_at) values ($1, $2, clock_timestamp(), clock_timestamp())
     on conflict (process) do update set beat_at = excluded.beat_at`,
    [process, kind],
  );
}

export const stopBeating = (db: Db, process: string) => db.sql("delete from heartbeats where process = $1", [process]);

/** Makes the partitions of the coming months. Any process may call it, any number at once. */
export const ensurePartitions = (db: Db) =>
  db.sql(
    `select ensure_partitions(t, 2) from unnest(array['events', 'engagement_events', 'decisions', 'webhook_events']::regclass[]) t`,
  );

/**
 * The database's clock, told by this process from an answer that has just come: never ahead of it, so what is made due now is due there
 * as well.
 */
export function clockFrom(at: Date): () => Date {
  const answeredAtMs = performance.now();
  return () => new Date(at.getTime() + (performance.now() - answeredAtMs));
}

/** JSON that PostgreSQL can hold: without U+0000 and halves of characters, which texts of others may bring. */
export const pgJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "string" ? part.toWellFormed().replaceAll("\u0000", "") : part,
  );

/** The database understood and said no (SQLSTATE classes 22, 23, 42 and 54: data, integrity, statement, limits): asking again is of no use. */
export const isRefusal = (thrown: unknown): boolean => /^(22|23|42|54)/.test(sqlState(thrown) ?? "");
