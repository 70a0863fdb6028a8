import "server-only";
import type { Db } from "../db";
import { newId } from "../ids";
import type { Unsettled } from "./judge";
import type { Lane } from "./schema";

export type UnsettledClaim = { lane: Lane; leaseToken: string; at: Date; sends: Unsettled[] };

/** Takes sends of a lane whose lease lapsed or whose look-up is due, with all attempts of theirs that may have carried them. */
export async function claimUnsettled(
  db: Db,
  lane: Lane,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<UnsettledClaim | null> {
  const leaseToken = newId();
  const { workspaceId, connectionId, stream } = lane;
  const claimed = await db.sql<{ id: string; at: Date }>("select * from claim_unsettled($1, $2, $3, $4, $5, $6)", [
    workspaceId,
    connectionId,
    stream,
    limit,
    leaseToken,
    leaseMs,
  ]);
  const [first] = claimed;
  if (first === undefined) return null;
  const sends = await loadUnsettled(
    db,
    workspaceId,
    claimed.map(({ id }) => id),
  );
  return { lane, leaseToken, at: first.at, sends };
}

type UnsettledRow = {
  id: string;
  kind: string;
  status: string;
  tries: number;
  from_email: string | null;
  unknown_since: Date | null;
  open:
    | {
        number: number;
        batch_id: string;
        server_id: string | null;
        started_at: string;
        send_by: string;
        absent_seen: number;
        checked_at: string | null;
      }[]
    | null;
};

async function loadUnsettled(db: Db, workspaceId: string, ids: readonly string[]): Promise<Unsettled[]> {
  const rows = await db.sql<UnsettledRow>(
    `select s.id, s.kind, s.status, s.from_email, s.unknown_since, a.open, a.tries
     from unnest($2::uuid[]) i(id)
     join sends s on s.workspace_id = $1 and s.id = i.id
     cross join lateral (
       select jsonb_agg(to_jsonb(n) order by n.number) filter (where n.outcome is null) as open,
         (count(*) filter (where n.outcome in ('not_sent', 'absent')))::int as tries
       from send_attempts n where n.workspace_id = $1 and n.send_id = s.id) a
     order by s.id`,
    [workspaceId, ids],
  );
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    status: row.status,
    tries: row.tries,
    fromEmail: row.from_email,
    unknownSince: row.unknown_since,
    open: (row.open ?? []).map((attempt) => ({
      number: attempt.number,
      batchId: attempt.batch_id,
      serverId: attempt.server_id,
      startedAt: new Date(attempt.started_at),
      sendBy: new Date(attempt.send_by),
      absentSeen: attempt.absent_seen,
      checkedAt: attempt.checked_at === null ? null : new Date(attempt.checked_at),
    })),
  }));
}

export type Witness = { batchId: string; startedAt: Date };

/**
 * A batch of this lane and server of which the provider surely took something after `after`: its search must show it, or is blind.
 * The oldest such one, which a lagging search shows first. Looks at the first twenty of them only.
 */
export async function findWitness(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  { serverId, after }: { serverId: string; after: Date },
): Promise<Witness | null> {
  const [row] = await db.sql<{ batch_id: string; started_at: Date }>(
    `select a.batch_id, a.started_at
     from (select id from sends where workspace_id = $1 and connection_id = $2 and message_stream = $3 and sent_at > $5
       order by sent_at limit 20) s
     join send_attempts a on a.workspace_id = $1 and a.send_id = s.id
     where a.outcome = 'accepted' and a.server_id = $4 and a.message_stream = $3 and a.started_at > $5
     order by a.started_at limit 1`,
    [workspaceId, connectionId, stream, serverId, after],
  );
  return row === undefined ? null : { batchId: row.batch_id, startedAt: row.started_at };
}

export type Probe = { batchId: string | null; serverId: string | null; sentAt: Date | null };

export async function readProbe(db: Db, { workspaceId, connectionId, stream }: Lane): Promise<Probe> {
  const [row] = await db.sql<{
    probe_batch_id: string | null;
    probe_server_id: string | null;
    probe_sent_at: Date | null;
  }>(
    `select probe_batch_id, probe_server_id, probe_sent_at from send_lanes
     where workspace_id = $1 and connection_id = $2 and message_stream = $3`,
    [workspaceId, connectionId, stream],
  );
  return {
    batchId: row?.probe_batch_id ?? null,
    serverId: row?.probe_server_id ?? null,
    sentAt: row?.probe_sent_at ?? null,
  };
}

/** Notes down a probe before it is sent. Null when one was sent within `everyMs`, or when the lane may not send. */
export async function openProbe(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  { serverId, everyMs }: { serverId: string; everyMs: number },
): Promise<string | null> {
  const batchId = newId();
  const rows = await db.sql(
    `update send_lanes l set probe_batch_id = $5, probe_server_id = $4, probe_sent_at = clock_timestamp()
     from connections c, workspaces w
     where l.workspace_id = $1 and l.connection_id = $2 and l.message_stream = $3
       and (l.probe_sent_at is null or l.probe_sent_at < clock_timestamp() - $6::float8 * interval '1 millisecond')
       and c.workspace_id = $1 and c.id = $2 and c.status in ('ready', 'unvalidated') and c.deleted_at is null and c.server_id = $4
       and w.id = $1 and w.sending_stopped_at is null
     returning 1`,
    [workspaceId, connectionId, stream, serverId, batchId, everyMs],
  );
  return rows.length === 0 ? null : batchId;
}
