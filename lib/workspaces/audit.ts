import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { type Db, db } from "../db";
import type { AuditPage, ListAuditInput } from "./schema";
import { incrementVersion, insertAudit, listAuditEntries, readActorName } from "./store";

export type AuditFacts = {
  /** `subject.verb`, in the domain's words: `key.created`, `member.removed`. */
  action: string;
  /** What it was done to, as people know it. */
  subject?: string | undefined;
  /** Scalars worth reading later. Never a secret. */
  data?: Readonly<Record<string, string | number | boolean | null>> | undefined;
};

/** Notes who changed what. Call it in the transaction of the change. */
export const audit = (db: Db, tenant: Tenant, actor: Pick<Actor, "kind" | "id">, facts: AuditFacts): Promise<void> =>
  insertAudit(db, tenant, { actor, action: facts.action, subject: facts.subject ?? null, data: facts.data ?? {} });

/** As the audit log calls whoever acts. */
export const nameOfActor = (db: Db, tenant: Tenant, actor: Pick<Actor, "kind" | "id">): Promise<string> =>
  readActorName(db, tenant, actor);

/** Tells every process that what it has cached of this workspace is old. Call it in the transaction of the change. @returns the new version */
export const bumpVersion = (db: Db, tenant: Tenant): Promise<number> => incrementVersion(db, tenant);

/** Who changed what, newest first: for those who run the workspace. */
export async function listAudit(actor: Actor, { limit, cursor }: ListAuditInput): Promise<AuditPage> {
  const tenant = allow(actor, "workspace:write");
  const rows = await listAuditEntries(db, tenant, { limit: limit + 1, cursor });
  const data = rows.slice(0, limit);
  return { data, next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}
