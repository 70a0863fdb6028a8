import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import type { SuppressionListState } from "./schema";

type ListKey = { connectionId: string; stream: string };

/** Workspaces with a list or a push that is due, the one that waits for longest first. Each probe is exact in an index. */
export async function workspacesWithListWork(db: Db, limit: number): Promise<string[]> {
  const present = "statement_timestamp()";
  const first = (table: string) =>
    `(select t.due_at from ${table} t where t.workspace_id = w.id and t.due_at <= ${present} order by t.due_at limit 1)`;
  const rows = await db.sql<{ id: string }>(
    `select w.id from workspaces w
     cross join lateral (select min(due_at) as due_at from (${first("suppression_lists")} union all ${first("suppression_pushes")}) t) d
     where d.due_at is not null order by d.due_at limit $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}

/** Makes the lists of connections and has them read at once; forgets those of streams that they no longer send on. */
export async function planLists(
  db: Db,
  tenant: Tenant,
  connections: readonly { connectionId: string; streams: readonly string[] }[],
): Promise<void> {
  const lists = connections.flatMap(({ connectionId, streams }) => streams.map((stream) => ({ connectionId, stream })));
  const keys = [tenant.workspaceId, lists.map((list) => list.connectionId), lists.map((list) => list.stream)];
  await db.sql(
    `insert into suppression_lists as l (workspace_id, connection_id, stream, due_at)
     select $1, k.connection_id, k.stream, now() from unnest($2::uuid[], $3::text[]) k(connection_id, stream) order by 2, 3
     on conflict (workspace_id, connection_id, stream) do update set due_at = now(), attempt = 0 where l.lease_token is null`,
    keys,
  );
  const gone = `workspace_id = $1 and connection_id = any($4) and not exists (
    select from unnest($2::uuid[], $3::text[]) k(connection_id, stream) where k.connection_id = t.connection_id and k.stream = t.stream)`;
  const values = [...keys, connections.map(({ connectionId }) => connectionId)];
  await db.sql(`delete from suppression_lists t where ${gone}`, values);
  await db.sql(`delete from suppression_pushes t where ${gone}`, values);
}

/** Forgets the lists of a connection that is gone, or of one of its streams: nothing is asked of them any more. */
export async function forgetLists(
  db: Db,
  tenant: Tenant,
  { connectionId, stream = null }: { connectionId: string; stream?: string | null },
): Promise<void> {
  const where = "workspace_id = $1 and connection_id = $2 and ($3::text is null or stream = $3)";
  await db.sql(`delete from suppression_lists where ${where}`, [tenant.workspaceId, connectionId, stream]);
  await db.sql(`delete from suppression_pushes where ${where}`, [tenant.workspaceId, connectionId, stream]);
}

export type ClaimedList = ListKey & {
  token: string;
  attempt: number;
  serverId: string | null;
  /** By the database's clock, before anything is asked: the dump shows nothing older. */
  beganAt: Date;
};

/** Takes one due list for as long as the lease, the longest waiting first; null when none is due. */
export async function claimList(
  db: Db,
  tenant: Tenant,
  { token, leaseMs, connectionId = null }: { token: string; leaseMs: number; connectionId?: string | null },
): Promise<ClaimedList | null> {
  type Row = { connection_id: string; stream: string; attempt: number; server_id: string | null; began_at: Date };
  const [row] = await db.sql<Row>(
    `with due as materialized (
       select connection_id, stream from suppression_lists
       where workspace_id = $1 and due_at <= clock_timestamp() and ($4::uuid is null or connection_id = $4)
       order by due_at limit 1 for update skip locked)
     update suppression_lists l
     set lease_token = $2, due_at = clock_timestamp() + $3 * interval '1 millisecond', attempt = l.attempt + 1
     from due where l.workspace_id = $1 and l.connection_id = due.connection_id and l.stream = due.stream
     returning l.connection_id, l.stream, l.attempt, l.server_id, clock_timestamp() as began_at`,
    [tenant.workspaceId, token, leaseMs, connectionId],
  );
  if (!row) return null;
  const { connection_id, stream, attempt, server_id, began_at } = row;
  return { connectionId: connection_id, stream, attempt, serverId: server_id, beganAt: began_at, token };
}

/** Holds the list for the transaction and lengthens the lease. @returns false when somebody else has it by now */
export async function keepList(db: Db, tenant: Tenant, list: ClaimedList, leaseMs: number): Promise<boolean> {
  const rows = await db.sql(
    `update suppression_lists set due_at = clock_timestamp() + $5 * interval '1 millisecond'
     where workspace_id = $1 and connection_id = $2 and stream = $3 and lease_token = $4 returning 1 as kept`,
    [tenant.workspaceId, list.connectionId, list.stream, list.token, leaseMs],
  );
  return rows.length > 0;
}

/**
 * Notes whose list it is. When it was another server's, what was learnt from that one is no longer lifted because this one does not
 * have it. @returns since when the list is this server's
 */
export async function noteServer(
  db: Db,
  tenant: Tenant,
  list: ClaimedList,
  serverId: string | null,
): Promise<Date | null> {
  const [row] = await db.sql<{ server_since: Date | null }>(
    `update suppression_lists
     set server_id = coalesce($5, server_id),
         server_since = case when server_id <> $5 then $6::timestamptz else server_since end
     where workspace_id = $1 and connection_id = $2 and stream = $3 and lease_token = $4 returning server_since`,
    [tenant.workspaceId, list.connectionId, list.stream, list.token, serverId, list.beganAt],
  );
  return row?.server_since ?? null;
}

export type ListCounts = { here: number; there: number; missingHere: number; missingThere: number };

/** Ends a reading that went well. @returns false when the lease was lost meanwhile */
export async function finishList(
  db: Db,
  tenant: Tenant,
  list: ClaimedList,
  { counts, nextInMs }: { counts: ListCounts; nextInMs: number },
): Promise<boolean> {
  const rows = await db.sql(
    `update suppression_lists
     set lease_token = null, attempt = 0, error = null, synced_at = $5, due_at = clock_timestamp() + $6 * interval '1 millisecond',
         here = $7, there = $8, missing_here = $9, missing_there = $10
     where workspace_id = $1 and connection_id = $2 and stream = $3 and lease_token = $4 returning 1 as done`,
    [
      tenant.workspaceId,
      list.connectionId,
      list.stream,
      list.token,
      list.beganAt,
      nextInMs,
      counts.here,
      counts.there,
      counts.missingHere,
      counts.missingThere,
    ],
  );
  return rows.length > 0;
}

/** Ends a reading that failed; it is tried again after `retryMs`. */
export async function failList(
  db: Db,
  tenant: Tenant,
  list: ClaimedList,
  { error, retryMs }: { error: string; retryMs: number },
): Promise<void> {
  await db.sql(
    `update suppression_lists set lease_token = null, error = $5, due_at = clock_timestamp() + $6 * interval '1 millisecond'
     where workspace_id = $1 and connection_id = $2 and stream = $3 and lease_token = $4`,
    [tenant.workspaceId, list.connectionId, list.stream, list.token, error.slice(0, 500), retryMs],
  );
}

/** Has the lists of a connection read as soon as somebody looks. @returns how many there are */
export async function makeListsDue(db: Db, tenant: Tenant, connectionId: string): Promise<number> {
  const rows = await db.sql(
    `update suppression_lists set due_at = case when lease_token is null or due_at <= now() then now() else due_at end
     where workspace_id = $1 and connection_id = $2 returning 1 as made`,
    [tenant.workspaceId, connectionId],
  );
  return rows.length;
}

/** How the lists of a connection, or of all, stand to ours. */
export async function selectListStates(
  db: Db,
  tenant: Tenant,
  connectionId: string | null = null,
): Promise<SuppressionListState[]> {
  type Row = Omit<SuppressionListState, "synced_at" | "due_at"> & { synced_at: Date | null; due_at: Date | null };
  const rows = await db.sql<Row>(
    `select l.connection_id, l.stream, l.here, l.there, l.missing_here, l.missing_there, l.synced_at, l.due_at, l.error,
       p.n as pending_pushes
     from suppression_lists l
     cross join lateral (select count(*)::int as n from (select from suppression_pushes p
       where p.workspace_id = $1 and p.connection_id = l.connection_id and p.stream = l.stream and p.due_at is not null limit 1000) t) p
     where l.workspace_id = $1 and ($2::uuid is null or l.connection_id = $2)
     order by l.connection_id, l.stream limit 500`,
    [tenant.workspaceId, connectionId],
  );
  return rows.map(({ synced_at, due_at, ...row }) => ({
    ...row,
    synced_at: synced_at?.toISOString() ?? null,
    due_at: due_at?.toISOString() ?? null,
  }));
}
