import "server-only";
import type { ConnectionRecord } from "../connections/schema";
import type { Db } from "../db";
import type { Lane, LaneHold } from "./schema";

/** All lanes of a connection, locked in the order of their streams: whoever opens or closes its breaker changes several. */
const lockedLanes = `select message_stream as stream, failures, held_reason, held_detail, message_stream = $3 as mine
  from send_lanes where workspace_id = $1 and connection_id = $2 order by message_stream for no key update`;

/**
 * Makes a lane rest after a failure. With as many in a row as open the breaker, the connection's other lanes rest with it, but those
 * that are held for a reason of their own. `why` is shown.
 */
export async function restLane(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  { restMs, why }: { restMs: number; why: string },
): Promise<void> {
  await db.sql(
    `with lane as materialized (${lockedLanes}
     ), failed as materialized (
       select failures + 1 as failures, failures + 1 >= breaker_failures() as opens,
         date_trunc('milliseconds', clock_timestamp()) as at from lane where mine)
     update send_lanes l set failures = case when lane.mine then failed.failures else greatest(l.failures, failed.failures) end,
       not_before = greatest(case when not lane.mine then l.not_before end, failed.at + $4::float8 * interval '1 millisecond'),
       open_since = case when failed.opens then coalesce(l.open_since, failed.at) end,
       open_why = case when failed.opens then $5 end
     from lane, failed
     where l.workspace_id = $1 and l.connection_id = $2 and l.message_stream = lane.stream
       and (lane.mine or (failed.opens and lane.held_reason is null))`,
    [workspaceId, connectionId, stream, restMs, why.slice(0, sentenceCharactersMax)],
  );
}

/**
 * A lane is well again, which ends a hold, and closes the connection's breaker for the other lanes too.
 * @returns what was said of the hold that ended, if one did
 */
export async function clearLane(db: Db, { workspaceId, connectionId, stream }: Lane): Promise<string | null> {
  const rows = await db.sql<{ mine: boolean; was: string | null }>(
    `with lane as materialized (${lockedLanes})
     update send_lanes l set failures = 0, not_before = null, open_since = null, open_why = null,
       held_reason = null, held_detail = null, held_for = null
     from lane
     where l.workspace_id = $1 and l.connection_id = $2 and l.message_stream = lane.stream
       and (lane.mine or (lane.held_reason is null and lane.failures >= breaker_failures()))
     returning lane.mine, lane.held_detail as was`,
    [workspaceId, connectionId, stream],
  );
  return rows.find(({ mine }) => mine)?.was ?? null;
}

/** The small batch that was to find out whether a connection is well came to no call: the next one may try at once. */
export async function endTrial(db: Db, { workspaceId, connectionId }: Lane): Promise<void> {
  await db.sql(
    `with lane as materialized (
       select message_stream from send_lanes where workspace_id = $1 and connection_id = $2 and held_reason is null
         and failures >= breaker_failures() order by message_stream for no key update)
     update send_lanes l set not_before = date_trunc('milliseconds', clock_timestamp())
     from lane where l.workspace_id = $1 and l.connection_id = $2 and l.message_stream = lane.message_stream`,
    [workspaceId, connectionId],
  );
}

/**
 * Holds a lane for `restMs`, or until the connection is no longer as it was when it was refused. Nothing is done when it is not that
 * already: what was refused is not what it is now. @returns whether the lane was not held before
 */
export async function holdLane(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  {
    reason,
    sentence,
    connection,
    restMs,
  }: { reason: LaneHold; sentence: string; connection: ConnectionRecord; restMs: number },
): Promise<boolean> {
  const [row] = await db.sql<{ was: string | null }>(
    `with lane as materialized (
       select l.held_reason, l.held_for from send_lanes l join connections c on c.workspace_id = $1 and c.id = $2
       where l.workspace_id = $1 and l.connection_id = $2 and l.message_stream = $3 and c.updated_at = $4 for no key update of l)
     update send_lanes l set failures = failures + 1, held_reason = $5, held_detail = $6, held_for = $4,
       not_before = date_trunc('milliseconds', clock_timestamp()) + $7::float8 * interval '1 millisecond'
     from lane where workspace_id = $1 and connection_id = $2 and message_stream = $3
     returning lane_hold(lane.held_reason, lane.held_for, $4) as was`,
    [workspaceId, connectionId, stream, connection.updatedAt, reason, sentence.slice(0, sentenceCharactersMax), restMs],
  );
  return row !== undefined && row.was === null;
}

const sentenceCharactersMax = 500;
