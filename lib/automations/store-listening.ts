import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

/** All versions through which people may be running: those of automations that are live or paused. */
export async function selectRunningVersions(db: Db, tenant: Tenant): Promise<string[]> {
  const rows = await db.sql<{ id: string }>(
    `select v.id from automations a join automation_versions v on v.workspace_id = $1 and v.automation_id = a.id
     where a.workspace_id = $1 and a.status in ('live', 'paused') and a.deleted_at is null`,
    [tenant.workspaceId],
  );
  return rows.map(({ id }) => id);
}

/**
 * The names of the events that versions listen to, by version. Read from the stored JSON as it is: what a newer release wrote and this one
 * cannot parse is listened to all the same, by whoever can.
 */
export async function selectListenedEvents(db: Db, tenant: Tenant, versionIds: readonly string[]) {
  const rows = await db.sql<{ id: string; events: string[] }>(
    `select v.id, array(
       select distinct e.name #>> '{}' from (
         select jsonb_path_query(v.definition, '$.exit_when[*].event') as name
         union all select jsonb_path_query(v.definition, '$.steps.** ? (@.type == "wait_for").event')) e
       where jsonb_typeof(e.name) = 'string') as events
     from automation_versions v where v.workspace_id = $1 and v.id = any($2::uuid[])`,
    [tenant.workspaceId, versionIds],
  );
  return new Map(rows.map(({ id, events }) => [id, events]));
}
