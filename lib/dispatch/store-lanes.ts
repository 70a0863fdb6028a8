import "server-only";
import type { ConnectionRecord } from "../connections/schema";
import type { Db } from "../db";
import type { Lane, LaneHold } from "./schema";

/**
 * Makes a lane rest after a failure; `restMs` null: all is well again, which ends a hold too.
 * @returns what was said of the hold that ended, if one did
 */
export async function noteLane(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  restMs: number | null,
): Promise<string | null> {
  const [row] = await db.sql<{ was: string | null }>(
    `with lane as materialized (
       select held_detail as was from send_lanes where workspace_id = $1 and connection_id = $2 and message_stream = $3 for no key update)
     update send_lanes l set failures = case when $4::float8 is null then 0 else failures + 1 end,
       not_before = date_trunc('milliseconds', clock_timestamp()) + $4::float8 * interval '1 millisecond',
       held_reason = case when $4::float8 is not null then held_reason end, held_detail = case when $4::float8 is not null then held_detail end,
       held_for = case when $4::float8 is not null then held_for end
     from lane where workspace_id = $1 and connection_id = $2 and message_stream = $3
     returning case when $4::float8 is null then lane.was end as was`,
    [workspaceId, connectionId, stream, restMs],
  );
  return row?.was ?? null;
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
