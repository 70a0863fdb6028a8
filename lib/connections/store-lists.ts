import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { storedStream } from "./streams";

/** Workspaces with a connection that was found to work since its lists were last taken. As many rows are read as there are connections. */
export async function workspacesWithStaleLists(db: Db, limit: number): Promise<string[]> {
  const rows = await db.sql<{ workspace_id: string }>(
    `select distinct workspace_id from connections where lists_stale and status = 'ready' and deleted_at is null limit $1`,
    [limit],
  );
  return rows.map(({ workspace_id }) => workspace_id);
}

/**
 * The sending streams of the connections that were found to work since the last call, which is thereby noted: whoever takes them plans
 * their lists in the same transaction. Of `connectionId` in any case, while it works.
 */
export async function takeStaleLists(
  db: Db,
  tenant: Tenant,
  { connectionId = null }: { connectionId?: string | null } = {},
): Promise<{ connectionId: string; streams: string[] }[]> {
  const rows = await db.sql<{ id: string; streams: unknown }>(
    `update connections set lists_stale = false
     where workspace_id = $1 and (lists_stale or id = $2) and status = 'ready' and deleted_at is null
     returning id, streams`,
    [tenant.workspaceId, connectionId],
  );
  return rows.map(({ id, streams }) => ({
    connectionId: id,
    streams: sendingStreams(storedStream.array().safeParse(streams).data ?? []),
  }));
}

const sendingStreams = (streams: readonly { id: string; type: string; archived: boolean }[]): string[] =>
  streams.filter(({ type, archived }) => type !== "other" && !archived).map(({ id }) => id);
