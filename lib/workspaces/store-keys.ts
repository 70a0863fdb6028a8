import "server-only";
import type { Permission, Tenant } from "../actor";
import type { Db } from "../db";
import { newId } from "../ids";
import type { ApiKey } from "./schema";

type Kind = ApiKey["kind"];
type KeyRow = Omit<ApiKey, "created_at" | "last_used_at"> & { created_at: Date; last_used_at: Date | null };

const columns = "id, workspace_id as project_id, kind, name, prefix, last4, scopes, created_at, last_used_at";
const shaped = (row: KeyRow): ApiKey => ({
  ...row,
  created_at: row.created_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
});

export async function insertKey(
  db: Db,
  tenant: Tenant,
  row: Pick<ApiKey, "kind" | "name" | "prefix" | "last4" | "scopes"> & { keyHash: string; createdBy: string },
): Promise<ApiKey> {
  const [made] = await db.sql<KeyRow>(
    `insert into api_keys (workspace_id, id, kind, name, prefix, last4, scopes, key_hash, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${columns}`,
    [tenant.workspaceId, newId(), row.kind, row.name, row.prefix, row.last4, row.scopes, row.keyHash, row.createdBy],
  );
  if (made === undefined) throw new Error("an inserted key was not returned");
  return shaped(made);
}

/** Those that are not revoked, newest first, from below `cursor`. */
export async function listKeyRows(
  db: Db,
  tenant: Tenant,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<ApiKey[]> {
  const rows = await db.sql<KeyRow>(
    `select ${columns} from api_keys where workspace_id = $1 and revoked_at is null and ($2::uuid is null or id < $2)
     order by id desc limit $3`,
    [tenant.workspaceId, cursor ?? null, limit],
  );
  return rows.map(shaped);
}

/** @returns the key as it was, or null when there is none to revoke */
export async function revokeKeyRow(db: Db, tenant: Tenant, id: string): Promise<Pick<ApiKey, "name" | "kind"> | null> {
  const [row] = await db.sql<Pick<ApiKey, "name" | "kind">>(
    `update api_keys set revoked_at = now() where workspace_id = $1 and id::text = $2 and revoked_at is null
     returning name, kind`,
    [tenant.workspaceId, id],
  );
  return row ?? null;
}

export type FoundKey = { id: string; workspaceId: string; kind: Kind; scopes: Permission[]; workspaceVersion: number };

/** Found by its hash, before its workspace is known; the version is of the same moment. */
export async function keyByHash(db: Db, keyHash: string): Promise<FoundKey | null> {
  const [row] = await db.sql<FoundKey>(
    `select k.id, k.workspace_id as "workspaceId", k.kind, k.scopes, w.version as "workspaceVersion"
     from api_keys k join workspaces w on w.id = k.workspace_id where k.key_hash = $1 and k.revoked_at is null`,
    [keyHash],
  );
  return row ?? null;
}

export const touchKey = (db: Db, tenant: Tenant, id: string) =>
  db.sql(
    `update api_keys set last_used_at = now() where workspace_id = $1 and id = $2
     and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [tenant.workspaceId, id],
  );
