import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { newId } from "../ids";
import { isId } from "./store";

export type SealedWebhookSecrets = { current: Uint8Array; previous: Uint8Array | null };

/** The secrets that a webhook of this connection may carry now. Null for one that is deleted, unknown, or another workspace's. */
export async function findWebhookSecrets(db: Db, tenant: Tenant, id: string): Promise<SealedWebhookSecrets | null> {
  if (!isId(id) || !isId(tenant.workspaceId)) return null;
  const [row] = await db.sql<{ current: Buffer; previous: Buffer | null }>(
    `select sealed_webhook_secret current,
       case when previous_secret_until > clock_timestamp() then sealed_previous_webhook_secret end previous
     from connections where workspace_id = $1 and id = $2 and deleted_at is null`,
    [tenant.workspaceId, id],
  );
  return row ?? null;
}

/** Keeps a webhook word for word. @returns its id */
export async function insertWebhook(
  db: Db,
  tenant: Tenant,
  { connectionId, recordType, body }: { connectionId: string; recordType: string; body: string },
): Promise<string> {
  const id = newId();
  await db.sql(
    "insert into webhook_events (workspace_id, id, connection_id, record_type, body) values ($1, $2, $3, $4, $5)",
    [tenant.workspaceId, id, connectionId, recordType, body],
  );
  return id;
}

/** Record type → when the newest came. Hops from type to type in the index: millions of webhooks cost no more than ten. */
export async function newestWebhooks(db: Db, tenant: Tenant, connectionId: string): Promise<Map<string, Date>> {
  const rows = await db.sql<{ type: string; at: Date }>(
    `with recursive types(type) as (
       select min(record_type) from webhook_events where workspace_id = $1 and connection_id = $2
       union all
       select (select min(w.record_type) from webhook_events w
         where w.workspace_id = $1 and w.connection_id = $2 and w.record_type > types.type)
       from types where types.type is not null)
     select types.type, uuid_time(newest.id) at
     from types cross join lateral (
       select w.id from webhook_events w
       where w.workspace_id = $1 and w.connection_id = $2 and w.record_type = types.type
       order by w.id desc limit 1) newest`,
    [tenant.workspaceId, connectionId],
  );
  return new Map(rows.map(({ type, at }) => [type, at]));
}
