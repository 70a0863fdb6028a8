import "server-only";
import type { Db } from "../db";
import { type HeldBy, heldBy, searchMinutesMax } from "../sends/schema";

/** What holds sends that one fact holds, and those that only a person lets go. */
export type HeldReason = "late" | HeldBy;

/** What waits in all workspaces. Counts stop at `countedMax` (those of one workspace or lane at a tenth of it). */
export type Backlog = {
  runsDue: number;
  sendsDue: number;
  queued: number;
  sending: number;
  unknown: number;
  cannotKnow: number;
  /** Unknown for more than an hour, or beyond looking up. */
  unknownToDecide: number;
  oldestUnknownSeconds: number | null;
  held: Record<HeldReason, number>;
  failingConnections: number;
};

const countedMax = 100_000;
const someMax = countedMax / 10;
const present = "statement_timestamp()";

/** Rows of a lateral join, counted by `what` and only so far: no backlog makes this slow. */
const counted = (what: string, from: string) =>
  `select ${what}, count(*)::int as n from (select ${what} from ${from} limit ${countedMax}) t group by 1`;
const inLane = `sends s where s.workspace_id = l.workspace_id and s.connection_id = l.connection_id and s.message_stream = l.message_stream`;
const some = (from: string) => `cross join lateral (select from ${from} limit ${someMax}) part`;

/**
 * Reads it off index entries: a step into an index for each workspace and lane, and what is counted. A queued send without a due
 * time is late, or parked while its automation is paused.
 */
export async function readBacklog(db: Db): Promise<Backlog> {
  const rows = await db.sql<{ what: string; n: number | null }>(
    `with lanes as materialized (
       select l.workspace_id, l.connection_id, l.message_stream, 
         greatest(lane_opens_at(l.not_before, l.held_reason, l.held_for, c.updated_at), m.opens_at) as opens_at,
         case when w.sending_stopped_at is not null then 'sending_stopped'
           when c.status = 'disabled' or c.deleted_at is not null then 'connection_disabled'
           when c.status = 'failing' then 'connection_failing'
           else coalesce(lane_hold(l.held_reason, l.held_for, c.updated_at), 'open') end as what
       from send_lanes l join workspaces w on w.id = l.workspace_id
       join connections c on c.workspace_id = l.workspace_id and c.id = l.connection_id
       left join connection_limits m on m.workspace_id = l.workspace_id and m.connection_id = l.connection_id
     ), unknown as materialized (
       select u.reason, u.unknown_since from workspaces w cross join lateral (
         select s.reason, s.unknown_since from sends s where s.workspace_id = w.id and s.status = 'unknown' order by s.id limit ${someMax}) u
       limit ${countedMax}
     )
     (${counted("what", `lanes l ${some(`${inLane} and s.status = 'queued' and s.due_at is not null`)}`)})
     union all select 'due', n from (${counted(
       "true as due",
       `lanes l ${some(`${inLane} and s.status = 'queued' and s.due_at <= ${present}`)}
       where l.what = 'open' and coalesce(l.opens_at <= ${present}, true)`,
     )}) t
     union all select 'no_due', n from (${counted("true as due", `lanes l ${some(`${inLane} and s.status = 'queued' and s.due_at is null`)}`)}) t
     union all select 'sending', n from (${counted("true as due", `lanes l ${some(`${inLane} and s.status = 'sending'`)}`)}) t
     union all select 'late', n from (${counted("true as due", `workspaces w ${some("sends s where s.workspace_id = w.id and s.reason = 'late'")}`)}) t
     union all select 'runs', n from (${counted(
       "true as due",
       `workspaces w ${some(`enrollments e where e.workspace_id = w.id and e.due_at <= ${present}`)}
       where w.sending_stopped_at is null`,
     )}) t
     union all select 'unknown', count(*)::int from unknown
     union all select 'cannot_know', count(*)::int from unknown where reason = 'cannot_know'
     union all select 'to_decide', count(*)::int from unknown where reason = 'cannot_know' or unknown_since < ${present} - interval '${searchMinutesMax} minutes'
     union all select 'oldest_unknown', extract(epoch from ${present} - min(unknown_since))::int from unknown
     union all select 'failing', count(*)::int from connections where status = 'failing' and deleted_at is null`,
  );
  const of = new Map(rows.map(({ what, n }) => [what, n]));
  const n = (what: string) => of.get(what) ?? 0;
  const held = {
    late: n("late"),
    paused: Math.max(0, n("no_due") - n("late")),
    sending_stopped: n("sending_stopped"),
    connection_failing: n("connection_failing"),
    connection_disabled: n("connection_disabled"),
    stream_refused: n("stream_refused"),
    account_refused: n("account_refused"),
  };
  // What is parked while its automation is paused has left its lane's count.
  const shut = heldBy.filter((fact) => fact !== "paused").reduce((sum, fact) => sum + n(fact), 0);
  return {
    runsDue: n("runs"),
    sendsDue: n("due"),
    queued: n("open") + shut + n("no_due"),
    sending: n("sending"),
    unknown: n("unknown"),
    cannotKnow: n("cannot_know"),
    unknownToDecide: n("to_decide"),
    oldestUnknownSeconds: of.get("oldest_unknown") ?? null,
    held,
    failingConnections: n("failing"),
  };
}

export type Heartbeat = { process: string; kind: string; ageSeconds: number };

/** Every dispatcher that has said within a day that it lives, the liveliest first. */
export const readHeartbeats = (db: Db): Promise<Heartbeat[]> =>
  db.sql<Heartbeat>(
    `select process, kind, extract(epoch from clock_timestamp() - beat_at)::float8 as "ageSeconds"
     from heartbeats order by beat_at desc limit 100`,
  );

/** What the database's clock shows, in milliseconds of Unix time. */
export async function readClock(db: Db): Promise<number> {
  const [row] = await db.sql<{ ms: number }>("select extract(epoch from clock_timestamp())::float8 * 1000 as ms");
  if (row === undefined) throw new Error("the clock gave no row");
  return row.ms;
}

export type Trouble = { workspace: string; name: string; detail: string | null };

/** Connections that fail or whose stream or account is refused, and workspaces in which emails wait for a person: the first ten of each, in the order of their workspaces. */
export async function readTroubles(db: Db): Promise<{ failing: Trouble[]; deciding: Trouble[] }> {
  const rows = await db.sql<Trouble & { kind: string }>(
    `(select 'failing' as kind, w.slug as workspace, c.display_name as name, c.last_error as detail
      from connections c join workspaces w on w.id = c.workspace_id
      where c.status = 'failing' and c.deleted_at is null order by w.id, c.id limit 10)
     union all
     (select 'failing', w.slug, c.display_name || ' (' || l.message_stream || ')', l.held_detail
      from send_lanes l join workspaces w on w.id = l.workspace_id
      join connections c on c.workspace_id = l.workspace_id and c.id = l.connection_id and c.status in ('ready', 'unvalidated') and c.deleted_at is null
      where lane_hold(l.held_reason, l.held_for, c.updated_at) is not null order by w.id, c.id limit 10)
     union all
     (select 'deciding', w.slug, w.name, null from workspaces w
      where exists (select from sends s where s.workspace_id = w.id and s.reason = 'late')
        or exists (select from sends s where s.workspace_id = w.id and s.reason = 'cannot_know')
        or exists (select from (select unknown_since from sends s where s.workspace_id = w.id and s.status = 'unknown' order by s.id limit ${someMax}) u
          where u.unknown_since < ${present} - interval '${searchMinutesMax} minutes')
      order by w.id limit 10)`,
  );
  const of = (kind: string) => rows.flatMap(({ kind: mine, ...row }) => (mine === kind ? [row] : []));
  return { failing: of("failing"), deciding: of("deciding") };
}
