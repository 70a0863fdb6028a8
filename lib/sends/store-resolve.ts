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

/** A person's answer about sends, with its decisions and audit entries, in one statement: see the function. One row for each id. */
export const answerForSends = (
  db: Db,
  tenant: Tenant,
  { ids, as, seen, actor }: { ids: readonly string[]; as: Resolution; seen: Seen; actor: Pick<Actor, "kind" | "id"> },
): Promise<Answered[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db.sql<Answered>(
        `select id, result, kind, status, reason, detail, hold, decided_reason as "decidedReason", decided_by as "decidedBy",
           decided_at as "decidedAt"
         from resolve_sends($1, $2::uuid[], $3, $4, $5, $6, $7)`,
        [tenant.workspaceId, ids, as, actor.kind, actor.id, seen.was ?? null, seen.attempts ?? null],
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
