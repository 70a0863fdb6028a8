import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

/**
 * Lets the runs that an unsubscribe may end be looked at, and holds their emails until then: call it in the transaction that writes the
 * suppressions, before they are written. `emails`: lower case, as the trait is kept, trimmed (keptTraits). See signal_unsubscribed.
 * @returns how many
 */
export async function signalUnsubscribed(db: Db, tenant: Tenant, emails: readonly string[]): Promise<number> {
  if (emails.length === 0) return 0;
  const [row] = await db.sql<{ told: number }>("select signal_unsubscribed($1, $2::text[]) as told", [
    tenant.workspaceId,
    [...new Set(emails)],
  ]);
  return row?.told ?? 0;
}
