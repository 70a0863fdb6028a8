import "server-only";
import type { Actor, Tenant } from "../actor";
import type { Db } from "../db";
import type { Seen } from "./refusal";
import { type Resolution, type SendStatus, searchMinutesMax, type WaitingSends, waitingCountMax } from "./schema";

/** What came of a person's answer about one send. `repeated`: it was decided so before, and nothing was done. */
export type Answered = { id: string } & (
  | { result: "resolved" | "repeated" | "missing" }
  | {
      result: "refused";
      kind: string;
      status: SendStatus;
      reason: string | null;
      detail: string | null;
      hold: string | null;
      decidedReason: string | null;
      decidedBy: string | null;
      decidedAt: Date | null;
    }
);

/**
 * A person's answer about sends, with its decisions and audit entries, in one statement: see the function. One row for each id. `seen`: the
 * attempts of each when the person looked, or null. They are compared once the rows are locked, in the function's own order; those that
 * have others by now are asked about with attempts that no send has, which says what they are and changes nothing.
 */
export const answerForSends = (
  db: Db,
  tenant: Tenant,
  {
    seen,
    as,
    was,
    actor,
  }: Pick<Seen, "was"> & {
    seen: ReadonlyMap<string, number | null>;
    as: Resolution;
    actor: Pick<Actor, "kind" | "id">;
  },
): Promise<Answered[]> =>
  seen.size === 0
    ? Promise.resolve([])
    : db.sql<Answered>(
        `with locked as materialized (
           select id, attempts from sends where workspace_id = $1 and id = any ($2::uuid[]) order by id for no key update
         ), fits as (
           select coalesce(l.attempts <> g.attempts, false) as other, array_agg(g.id) as ids
           from unnest($2::uuid[], $7::int[]) g(id, attempts) left join locked l on l.id = g.id group by 1)
         select r.id, r.result, r.kind, r.status, r.reason, r.detail, r.hold, r.decided_reason as "decidedReason",
           r.decided_by as "decidedBy", r.decided_at as "decidedAt"
         from fits cross join lateral resolve_sends($1, fits.ids, $3, $4, $5, $6, case when fits.other then -1 end) r`,
        [tenant.workspaceId, [...seen.keys()], as, actor.kind, actor.id, was ?? null, [...seen.values()]],
      );

/**
 * How many sends wait for more than their turn: each count stops at its bound, and looks at index entries only where it can. What is
 * held by one fact is counted by lane, or among the sends that have left the queue until somebody puts them back.
 */
export async function countWaiting(db: Db, tenant: Tenant): Promise<WaitingSends> {
  const max = waitingCountMax;
  const queued = `from sends s where s.workspace_id = $1 and s.connection_id = l.connection_id
    and s.message_stream = l.message_stream and s.status = 'queued'`;
  const [row] = await db.sql<WaitingSends>(
    `with unknown as materialized (
       select reason, unknown_since from sends where workspace_id = $1 and status = 'unknown' order by id limit ${max}
     ), late as (
       select count(*)::int n from (select from sends where workspace_id = $1 and reason = 'late' and status = 'queued' limit ${max}) t
     ), lanes as materialized (
       select l.connection_id, l.message_stream,
         w.sending_stopped_at is not null or c.status in ('failing', 'disabled') or c.deleted_at is not null
           or lane_hold(l.held_reason, l.held_for, c.updated_at) is not null as shut
       from send_lanes l join workspaces w on w.id = $1 join connections c on c.workspace_id = $1 and c.id = l.connection_id
       where l.workspace_id = $1
     ), held as (
       select count(*)::int n from (select from lanes l cross join lateral (
         (select ${queued} and l.shut limit ${max}) union all (select ${queued} and not l.shut and s.due_at is null limit ${max})
       ) q limit ${max}) t
     ), counted as (
       select (select count(*)::int from unknown) as unknown, held.n as held, late.n as late,
         (select count(*)::int from unknown where reason = 'cannot_know') as "cannotKnow",
         (select count(*)::int from unknown
          where reason = 'cannot_know' or unknown_since < now() - interval '${searchMinutesMax} minutes') as undecided
       from held, late)
     select unknown, held, late, "cannotKnow", undecided, least(undecided + late, ${max}) as "toDecide" from counted`,
    [tenant.workspaceId],
  );
  if (row === undefined) throw new Error("the count gave no row");
  return row;
}
