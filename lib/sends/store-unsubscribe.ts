import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

/** Whom mail of a workspace comes from, for its recipients; null where the workspace is gone. */
export async function selectSender(db: Db, tenant: Tenant): Promise<string | null> {
  const [row] = await db.sql<{ name: string }>("select name from workspaces where id = $1", [tenant.workspaceId]);
  return row?.name ?? null;
}
