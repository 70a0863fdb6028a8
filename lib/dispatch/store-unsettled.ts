import "server-only";
import type { Db } from "../db";
import { newId } from "../ids";
import type { Unsettled } from "./judge";
import type { Lane } from "./schema";
import { clockFrom } from "./store";

/** `at`: the database's present at the claim; `now`: what its clock shows. */
export type UnsettledClaim = { lane: Lane; leaseToken: string; at: Date; now: () => Date; sends: Unsettled[] };

/**
 * Takes sends of a lane whose lease lapsed or whose look-up is due, with all attempts of theirs that may have carried them: those due first,
 * and of no more than `batches`, for what cannot be asked about need not be taken.
 */
export async function claimUnsettled(
  db: Db,
  lane: Lane,
  { limit, batches, leaseMs }: { limit: number; batches: number; leaseMs: number },
): Promise<UnsettledClaim | null> {
  const leaseToken = newId();
  const { workspaceId, connectionId, stream } = lane;
  const claimed = await db.sql<{ id: string; at: Date }>("select * from claim_unsettled($1, $2, $3, $4, $5, $6, $7)", [
    workspaceId,
    connectionId,
    stream,
    limit,
    batches,
    leaseToken,
    leaseMs,
  ]);
  const [first] = claimed;
  if (first === undefined) return null;
  const now = clockFrom(first.at);
  const sends = await loadUnsettled(
    db,
    workspaceId,
    claimed.map(({ id }) => id),
  );
  return { lane, leaseToken, at: first.at, now, sends };
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
        message_stream: string;
        started_at: string;
        send_by: string;
        absent_seen: number;
        checked_at: string | null;
      }[]
    | null;
};

async function loadUnsettled(db: Db, workspaceId: string, ids: readonly string[]): Promise<Unsettled[]> {
  const rows = await db.sql<UnsettledRow>(
    `with w as materialized (select id from workspaces where id = $1)
     select s.id, s.kind, s.status, s.from_email, s.unknown_since, a.open, a.tries
     from unnest($2::uuid[]) i(id)
     cross join w
     join lateral (select * from sends where workspace_id = w.id and id = i.id limit 1) s on true
     cross join lateral (
       select jsonb_agg(to_jsonb(n) order by n.number) filter (where n.outcome is null) as open,
         (count(*) filter (where n.outcome in ('not_sent', 'absent')))::int as tries
       from send_attempts n where n.workspace_id = w.id and n.send_id = s.id) a
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
      stream: attempt.message_stream,
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

/** A message to the provider's black hole. */
export type Probe = { batchId: string; sentAt: Date };

/** The probes of a lane to one server that were sent after `after`, oldest first. */
export async function readProbes(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  { serverId, after }: { serverId: string; after: Date },
): Promise<Probe[]> {
  const rows = await db.sql<{ batch_id: string; sent_at: Date }>(
    `select p.batch_id, p.sent_at from send_lanes l
     cross join lateral jsonb_to_recordset(l.probes) p(batch_id uuid, server_id text, sent_at timestamptz)
     where l.workspace_id = $1 and l.connection_id = $2 and l.message_stream = $3 and p.server_id = $4 and p.sent_at > $5
     order by p.sent_at`,
    [workspaceId, connectionId, stream, serverId, after],
  );
  return rows.map((row) => ({ batchId: row.batch_id, sentAt: row.sent_at }));
}

/**
 * Notes down a probe before it is sent, and forgets all but the last `kept`. Null when one was sent within `everyMs`, or when the lane
 * may not send.
 */
export async function openProbe(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  { serverId, everyMs, kept }: { serverId: string; everyMs: number; kept: number },
): Promise<string | null> {
  const batchId = newId();
  const rows = await db.sql(
    `update send_lanes l set probe_sent_at = at, probes = jsonb_path_query_array(
         jsonb_build_array(jsonb_build_object('batch_id', $5::uuid, 'server_id', $4::text, 'sent_at', at)) || l.probes, $7::jsonpath)
     from connections c, workspaces w, clock_timestamp() at
     where l.workspace_id = $1 and l.connection_id = $2 and l.message_stream = $3
       and (l.probe_sent_at is null or l.probe_sent_at < at - $6::float8 * interval '1 millisecond')
       and c.workspace_id = $1 and c.id = $2 and c.status in ('ready', 'unvalidated') and c.deleted_at is null and c.server_id = $4
       and w.id = $1 and w.sending_stopped_at is null
     returning 1`,
    [workspaceId, connectionId, stream, serverId, batchId, everyMs, `$[0 to ${kept - 1}]`],
  );
  return rows.length === 0 ? null : batchId;
}

/** The sender address of the newest mail of a lane, or else the one that these sends are to have. */
export async function usedFrom(
  db: Db,
  { workspaceId, connectionId, stream }: Lane,
  sendIds: readonly string[],
): Promise<string | null> {
  const [row] = await db.sql<{ used: string | null }>(
    `select coalesce(
       (select s.from_email from sends s where s.workspace_id = $1 and s.id = any($4::uuid[]) and s.from_email is not null limit 1),
       (select s.from_email from (select from_email from sends
          where workspace_id = $1 and connection_id = $2 and message_stream = $3 and sent_at is not null order by sent_at desc limit 20) s
        where s.from_email is not null limit 1),
       (select jsonb_path_query_first(v.definition, '$.** ? (@.id == $step && @.type == "send_email").from_email', jsonb_build_object('step', s.step_id)) #>> '{}'
        from sends s join automation_versions v on v.workspace_id = $1 and v.id = s.version_id
        where s.workspace_id = $1 and s.id = any($4::uuid[]) order by s.id limit 1)) as used`,
    [workspaceId, connectionId, stream, sendIds],
  );
  return row?.used ?? null;
}
