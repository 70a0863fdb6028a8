import "server-only";
import type { Tenant } from "../../actor";
import type { Db } from "../../db";
import { versionSql } from "../secrets";
import type { LoopFacts, SenderState } from "./facts";
import { loopPauseMs } from "./loop";
import type { DoctorReport } from "./row";

/** A message on its way round the loop, and how to look for it. */
export type StoredLoop = LoopFacts & { send: { id: string; batchId: string; stream: string } | null };
export type Checkup = { report: unknown; checkedAt: Date | null; loop: StoredLoop | null };

type CheckupRow = {
  report: unknown;
  checked_at: Date | null;
  started_at: Date | null;
  found_at: Date | null;
  code: string | null;
  problem: string | null;
  send_id: string | null;
  batch_id: string | null;
  stream: string | null;
  accepted_at: Date | null;
  told_at: Date | null;
  told_late: boolean;
};

/**
 * What was read last, and where the newest message round the loop is. Reads what the room of sends knows of that one email (by its id:
 * other mail costs nothing), which stands above this one. What the provider was asked for is marked, and is no webhook; where a webhook
 * came after it, it came later than that.
 */
export async function findCheckup(db: Db, tenant: Tenant, connectionId: string): Promise<Checkup> {
  const [row] = await db.sql<CheckupRow>(
    `select k.report, k.checked_at, k.loop_started_at started_at, k.loop_found_at found_at, k.loop_code code, k.loop_problem problem,
       s.id send_id, s.batch_id, s.message_stream stream, s.sent_at accepted_at, s.news_filled_at is not null told_late,
       (select uuid_time(e.id) from engagement_events e
        where e.workspace_id = $1 and e.send_id = s.id and e.id >= uuid_floor(k.loop_started_at)
          and e.kind = 'delivered' and not e.data ? 'looked_up'
        order by e.id limit 1) told_at
     from connection_checkups k left join sends s on s.workspace_id = k.workspace_id and s.id = k.loop_send_id
     where k.workspace_id = $1 and k.connection_id = $2`,
    [tenant.workspaceId, connectionId],
  );
  if (row === undefined) return { report: null, checkedAt: null, loop: null };
  return { report: row.report, checkedAt: row.checked_at, loop: loopOf(row) };
}

function loopOf(row: CheckupRow): StoredLoop | null {
  const { started_at: startedAt, send_id: id, batch_id: batchId, stream } = row;
  if (startedAt === null) return null;
  return {
    startedAt,
    acceptedAt: row.accepted_at,
    foundAt: row.found_at,
    toldAt: row.told_at,
    toldLate: row.told_late,
    refusal: row.problem === null ? null : { code: row.code ?? "rejected", problem: row.problem },
    send: id === null || batchId === null || stream === null ? null : { id, batchId, stream },
  };
}

export async function saveCheckup(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { report, checkedAt }: { report: DoctorReport; checkedAt: Date },
): Promise<void> {
  await db.sql(
    `insert into connection_checkups (workspace_id, connection_id, report, checked_at) values ($1, $2, $3, $4)
     on conflict (workspace_id, connection_id) do update set report = excluded.report, checked_at = excluded.checked_at
     where connection_checkups.checked_at is null or connection_checkups.checked_at <= excluded.checked_at`,
    [tenant.workspaceId, connectionId, JSON.stringify(report), checkedAt],
  );
}

/** @returns false when the newest message is too young for another one */
export async function beginLoop(db: Db, tenant: Tenant, connectionId: string): Promise<boolean> {
  const rows = await db.sql(
    `insert into connection_checkups as k (workspace_id, connection_id, loop_started_at) values ($1, $2, clock_timestamp())
     on conflict (workspace_id, connection_id) do update set loop_started_at = excluded.loop_started_at, loop_send_id = null,
       loop_found_at = null, loop_code = null, loop_problem = null
     where k.loop_started_at is null or k.loop_started_at < clock_timestamp() - $3::int * interval '1 millisecond'
     returning 1`,
    [tenant.workspaceId, connectionId, loopPauseMs],
  );
  return rows.length > 0;
}

/** `sent`: its send. `refused`: why not. `withdrawn`: it was not even tried. */
export type LoopNote =
  | { kind: "sent"; sendId: string }
  | { kind: "refused"; code: string; problem: string }
  | { kind: "withdrawn" };

export async function noteLoop(db: Db, tenant: Tenant, connectionId: string, note: LoopNote): Promise<void> {
  await db.sql(
    `update connection_checkups set loop_send_id = $3, loop_code = $4, loop_problem = $5,
       loop_started_at = case when $6 then null else loop_started_at end
     where workspace_id = $1 and connection_id = $2`,
    [
      tenant.workspaceId,
      connectionId,
      note.kind === "sent" ? note.sendId : null,
      note.kind === "refused" ? note.code : null,
      note.kind === "refused" ? note.problem : null,
      note.kind === "withdrawn",
    ],
  );
}

/** The provider's search shows the message. @returns since when we know */
export async function noteFound(db: Db, tenant: Tenant, connectionId: string, sendId: string): Promise<Date | null> {
  const [row] = await db.sql<{ at: Date }>(
    `update connection_checkups set loop_found_at = coalesce(loop_found_at, clock_timestamp())
     where workspace_id = $1 and connection_id = $2 and loop_send_id = $3 returning loop_found_at at`,
    [tenant.workspaceId, connectionId, sendId],
  );
  return row?.at ?? null;
}

/** Streams that live automations name for this connection, or that sends were queued on. Reads rooms that stand above this one. */
export async function streamsNamed(db: Db, tenant: Tenant, connectionId: string): Promise<string[]> {
  const rows = await db.sql<{ stream: string }>(
    `select message_stream stream from send_lanes where workspace_id = $1 and connection_id = $2
     union
     select step->>'message_stream' from automations a
     join automation_versions v on v.workspace_id = a.workspace_id and v.id = a.live_version_id
     cross join lateral jsonb_path_query(v.definition, '$.** ? (@.email_provider_id == $id)', jsonb_build_object('id', $2::text)) step
     where a.workspace_id = $1 and a.deleted_at is null and a.status = 'live' and step->>'message_stream' is not null
     limit 10`,
    [tenant.workspaceId, connectionId],
  );
  return rows.map(({ stream }) => stream).sort();
}

/** What the provider said when it refused the account, while mail is held for that. Void once the connection was changed. */
export async function accountRefusal(db: Db, tenant: Tenant, connectionId: string): Promise<string | null> {
  const [row] = await db.sql<{ detail: string | null }>(
    `select l.held_detail detail from send_lanes l
     join connections c on c.workspace_id = l.workspace_id and c.id = l.connection_id
     where l.workspace_id = $1 and l.connection_id = $2 and l.held_reason = 'account_refused' and l.held_for = c.updated_at limit 1`,
    [tenant.workspaceId, connectionId],
  );
  return row === undefined ? null : (row.detail ?? "no words were given");
}

export async function findSender(
  db: Db,
  tenant: Tenant,
  { connectionId, email }: { connectionId: string; email: string },
): Promise<SenderState | null> {
  const [row] = await db.sql<{ state: string; detail: string | null; seen_at: Date }>(
    "select state, detail, seen_at from sender_addresses where workspace_id = $1 and connection_id = $2 and email = $3",
    [tenant.workspaceId, connectionId, email.toLowerCase()],
  );
  const state = senderStates.find((one) => one === row?.state);
  return row === undefined || state === undefined ? null : { state, detail: row.detail, seenAt: row.seen_at };
}
const senderStates = ["accepted", "refused", "unconfirmed"] as const;

export type SenderNews = { email: string; state: SenderState["state"]; detail: string | null };

/**
 * Keeps what a call told of its From addresses, in one statement, unless the connection has other credentials by now. The same news is
 * written once in ten minutes. Waits for a change of the connection that is under way, which forgets what was told before it.
 */
export async function saveSenders(
  db: Db,
  tenant: Tenant,
  { id, credentialsVersion }: { id: string; credentialsVersion: string },
  news: readonly SenderNews[],
): Promise<void> {
  await db.sql(
    `with news as materialized (
       select n.email, n.state, n.detail from unnest($3::text[], $4::text[], $5::text[]) n(email, state, detail)
       where not exists (select 1 from sender_addresses a where a.workspace_id = $1 and a.connection_id = $2 and a.email = n.email
         and a.state = n.state and a.seen_at > clock_timestamp() - interval '10 minutes')
     ), same as materialized (
       select 1 from connections where workspace_id = $1 and id = $2 and ${versionSql} = $6 and exists (select 1 from news) for share
     )
     insert into sender_addresses (workspace_id, connection_id, email, state, detail, seen_at)
     select $1, $2, n.email, n.state, n.detail, clock_timestamp() from news n, same order by n.email
     on conflict (workspace_id, connection_id, email) do update
       set state = excluded.state, detail = excluded.detail, seen_at = excluded.seen_at`,
    [
      tenant.workspaceId,
      id,
      news.map(({ email }) => email),
      news.map(({ state }) => state),
      news.map(({ detail }) => detail?.slice(0, 500) ?? null),
      credentialsVersion,
    ],
  );
}

export async function deleteSenders(db: Db, tenant: Tenant, connectionId: string): Promise<void> {
  await db.sql("delete from sender_addresses where workspace_id = $1 and connection_id = $2", [
    tenant.workspaceId,
    connectionId,
  ]);
}

/** For the command line of whoever runs the server, in all workspaces: connections of this id or name, at most a few. */
export async function connectionsCalled(
  db: Db,
  text: string,
): Promise<{ workspaceId: string; workspace: string; id: string; name: string }[]> {
  return db.sql(
    `select c.workspace_id "workspaceId", w.name workspace, c.id, c.display_name name
     from connections c join workspaces w on w.id = c.workspace_id
     where c.deleted_at is null and (c.id::text = lower($1) or lower(c.display_name) = lower($1))
     order by c.id limit 10`,
    [text],
  );
}
