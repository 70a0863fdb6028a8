import "server-only";
import type { Db } from "../db";

export type SealedRow = {
  workspaceId: string;
  id: string;
  token: Uint8Array;
  webhook: Uint8Array;
  previous: Uint8Array | null;
};

/** A page of all workspaces' sealed secrets, in the order of their keys, after `after`. Deleted connections have none. */
export function pageOfSealed(db: Db, after: { workspaceId: string; id: string }, limit: number): Promise<SealedRow[]> {
  return db.sql<SealedRow>(
    `select workspace_id "workspaceId", id, sealed_credentials token, sealed_webhook_secret webhook,
       sealed_previous_webhook_secret previous
     from connections where deleted_at is null and (workspace_id, id) > ($1, $2) order by workspace_id, id limit $3`,
    [after.workspaceId, after.id, limit],
  );
}

/** Writes secrets that were sealed again, where nobody has changed them meanwhile. @returns how many connections were written */
export async function replaceSealed(db: Db, changes: readonly { was: SealedRow; now: SealedRow }[]): Promise<number> {
  const column = (pick: (change: { was: SealedRow; now: SealedRow }) => unknown) => changes.map(pick);
  const rows = await db.sql(
    `update connections c
     set sealed_credentials = n.token, sealed_webhook_secret = n.webhook, sealed_previous_webhook_secret = n.previous
     from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[])
       n(workspace_id, id, was_token, was_webhook, token, webhook, previous)
     where c.workspace_id = n.workspace_id and c.id = n.id and c.deleted_at is null
       and c.sealed_credentials = n.was_token and c.sealed_webhook_secret = n.was_webhook
     returning c.id`,
    [
      column(({ was }) => was.workspaceId),
      column(({ was }) => was.id),
      column(({ was }) => was.token),
      column(({ was }) => was.webhook),
      column(({ now }) => now.token),
      column(({ now }) => now.webhook),
      column(({ now }) => now.previous),
    ],
  );
  return rows.length;
}
