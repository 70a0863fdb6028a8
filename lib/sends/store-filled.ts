import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { filledMark } from "./slots";
import { storableJson } from "./store-news";

export type KnownEvent = { id: string; send_id: string; kind: string; data: Record<string, unknown> };

/**
 * What is known of sends, oldest first: all of the kinds that can be filled, or only what was filled (`filledOnly`). Call it with the sends
 * locked.
 */
export function eventsOfSends(
  db: Db,
  tenant: Tenant,
  sendIds: readonly string[],
  { filledOnly }: { filledOnly: boolean },
): Promise<KnownEvent[]> {
  return db.sql<KnownEvent>(
    `select e.id, e.send_id, e.kind, e.data from unnest($2::uuid[]) s(id)
     cross join lateral (
       select e.id, e.send_id, e.kind, e.data from engagement_events e
       where e.workspace_id = $1 and e.send_id = s.id and e.kind in ('delivered', 'opened', 'clicked', 'unsubscribed')
         and ($3 = false or e.data ? '${filledMark}')
       order by e.occurred_at limit $4) e
     where e.id is not null order by e.id`,
    [tenant.workspaceId, [...new Set(sendIds)], filledOnly, eventsPerSendMax],
  );
}

const eventsPerSendMax = 1_000;

/** Puts what a webhook told in the place of what was filled in. */
export async function replaceEvents(
  db: Db,
  tenant: Tenant,
  rows: readonly { id: string; occurredAt: string; data: Record<string, unknown> }[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.sql(
    `update engagement_events e set occurred_at = n."occurredAt", data = n.data
     from jsonb_to_recordset($2::jsonb) n(id uuid, "occurredAt" timestamptz, data jsonb)
     where e.workspace_id = $1 and e.id = n.id`,
    [tenant.workspaceId, storableJson(rows)],
  );
}

/** From now on a webhook about one of these sends looks whether it repeats what was filled in. */
export async function markFilled(db: Db, tenant: Tenant, sendIds: readonly string[]): Promise<void> {
  if (sendIds.length > 0)
    await db.sql(
      `update sends set news_filled_at = clock_timestamp()
       where workspace_id = $1 and id = any($2::uuid[]) and news_filled_at is null`,
      [tenant.workspaceId, sendIds],
    );
}
