import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import type { KnownIdentifier } from "./components";

/** What was read about a group before it is stored: who its identifiers belong to, and which of its messages were stored before. */
export type Knowledge = { known: readonly KnownIdentifier[]; seen: ReadonlySet<string> };
export const nothingKnown: Knowledge = { known: [], seen: new Set() };

type Asked = { kind: KnownIdentifier["kind"]; value: string };

/** `profile` identifiers have to be UUIDs; those of merged profiles name the survivor. What names nobody is left out. */
export async function identityFacts(
  db: Db,
  tenant: Tenant,
  { identifiers, messageIds }: { identifiers: readonly Asked[]; messageIds: readonly string[] },
): Promise<Knowledge> {
  const [row] = await db.sql<{ facts: { known: KnownIdentifier[]; seen: string[] } }>(
    "select identity_facts($1, $2::text[], $3::text[], $4::text[]) as facts",
    [tenant.workspaceId, identifiers.map(({ kind }) => kind), identifiers.map(({ value }) => value), messageIds],
  );
  if (row === undefined) throw new Error("identity_facts() gave no row");
  return { known: row.facts.known, seen: new Set(row.facts.seen) };
}

/** Profiles that are one person. `browser`: a publishable key said so. `details` is JSON for people. */
export type Merge = { profileIds: readonly string[]; browser: boolean; details: string };

/**
 * Makes each set one, in one transaction of its own. Sets whose profiles changed meanwhile are left out: look again.
 * @returns who became whom, and how many emails got the address that they waited for
 */
export async function mergeProfiles(db: Db, tenant: Tenant, merges: readonly Merge[]) {
  const [row] = await db.sql<{ told: { survivors: Record<string, string>; woken: number } }>(
    "select merge_profiles($1, $2::int[], $3::uuid[], $4::uuid[], $5::bool[], $6::jsonb[]) as told",
    [
      tenant.workspaceId,
      merges.flatMap(({ profileIds }, index) => profileIds.map(() => index + 1)),
      merges.flatMap(({ profileIds }) => profileIds),
      merges.map(() => null),
      merges.map(({ browser }) => browser),
      merges.map(({ details }) => details),
    ],
  );
  if (row === undefined) throw new Error("merge_profiles() gave no row");
  return row.told;
}

export type Alias = { userId: string; anonymousId: string | null; previousId: string | null };
export type Aliased = { target: string; merged: number; woken: number } | { conflict: string[] };

/** See the migration. `freshId` is the profile's id where nobody has any of the identifiers. */
export async function aliasProfile(db: Db, tenant: Tenant, alias: Alias & { freshId: string }): Promise<Aliased> {
  const [row] = await db.sql<{ told: Aliased }>("select alias_profile($1, $2, $3, $4, $5) as told", [
    tenant.workspaceId,
    alias.userId,
    alias.anonymousId,
    alias.previousId,
    alias.freshId,
  ]);
  if (row === undefined) throw new Error("alias_profile() gave no row");
  return row.told;
}

/**
 * Gives survivors the events and decisions of those who were merged into them, at most `rowsMax` rows of all workspaces. Until then
 * they are found through the tombstones. @returns how many rows of work were done; 0 when there is nothing to do
 */
export async function rewriteMerged(db: Db, { rowsMax }: { rowsMax: number }): Promise<number> {
  const [row] = await db.sql<{ done: number }>("select rewrite_merged($1) as done", [rowsMax]);
  return row?.done ?? 0;
}
