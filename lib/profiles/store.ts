import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

export type ProfileRow = { id: string; traits: Record<string, unknown>; created_at: Date };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The person that any of the three ids names: our own first, then the external, then the anonymous. Of a profile that was merged
 * away, the survivor. @returns null when there is none
 */
export async function findProfile(db: Db, tenant: Tenant, anyId: string): Promise<ProfileRow | null> {
  const [row] = await db.sql<ProfileRow>(
    `with named as (
       (select 1 as rank, id from profiles where workspace_id = $1 and id = $2::uuid)
       union all
       (select 2, profile_id from identifiers where workspace_id = $1 and kind = 'external' and value = $3)
       union all
       (select 3, profile_id from identifiers where workspace_id = $1 and kind = 'anonymous' and value = $3)
     )
     select p.id, p.traits, p.created_at
     from (select id from named order by rank limit 1) first
     join profiles named on named.workspace_id = $1 and named.id = first.id
     join profiles p on p.workspace_id = $1 and p.id = coalesce(named.merged_into_id, named.id)`,
    [tenant.workspaceId, uuid.test(anyId) ? anyId : null, anyId],
  );
  return row ?? null;
}

/** The addresses of people by their ids, those of merged profiles included: the survivor's. Who has none is left out. */
export async function selectAddresses(db: Db, tenant: Tenant, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.sql<{ id: string; email: string }>(
    `select q.id, p.traits->>'email' as email from profiles q
     join profiles p on p.workspace_id = $1 and p.id = coalesce(q.merged_into_id, q.id)
     where q.workspace_id = $1 and q.id = any($2::uuid[]) and jsonb_typeof(p.traits->'email') = 'string'`,
    [tenant.workspaceId, ids],
  );
  return new Map(rows.map(({ id, email }) => [id, email]));
}

/** A person's id and those of the profiles that were merged into it: what older rows of other rooms may still carry. */
export async function selectProfileIds(db: Db, tenant: Tenant, survivorId: string): Promise<string[]> {
  const rows = await db.sql<{ id: string }>(
    `select id from profiles where workspace_id = $1 and id = $2
     union all (select id from profiles where workspace_id = $1 and merged_into_id = $2 order by id limit 1000)`,
    [tenant.workspaceId, survivorId],
  );
  return rows.map(({ id }) => id);
}

/** How many people a prefix may match; beyond that it is too short to search by. */
const prefixMatchesMax = 2000;

/** Newest first, from below `before`; one row more than asked when there are more. Profiles that were merged away are left out. */
export function selectProfiles(
  db: Db,
  tenant: Tenant,
  filter: { email?: string; q?: string; before?: string; limit: number },
): Promise<ProfileRow[]> {
  const values: unknown[] = [tenant.workspaceId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const tests = ["p.workspace_id = $1", "p.merged_into_id is null"];
  if (filter.email) tests.push(`lower(p.traits->>'email') = ${bind(filter.email)}`);
  if (filter.q) tests.push(`p.id in (${matching(filter.q, bind)})`);
  if (filter.before) tests.push(`p.id < ${bind(filter.before)}`);
  return db.sql<ProfileRow>(
    `select p.id, p.traits, p.created_at from profiles p where ${tests.join(" and ")}
     order by p.id desc limit ${bind(filter.limit + 1)}`,
    values,
  );
}

/** The people whom a text names: exactly by an id, or by the beginning of their address. */
function matching(q: string, bind: (value: unknown) => string): string {
  const prefix = `${q.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`;
  const named = `select coalesce(n.merged_into_id, n.id) from profiles n where n.workspace_id = $1 and n.id in (
      select profile_id from identifiers where workspace_id = $1 and kind in ('external', 'anonymous') and value = ${bind(q)}
      union all select ${bind(uuid.test(q) ? q : null)}::uuid)`;
  const addressed = `select id from profiles where workspace_id = $1 and lower(traits->>'email') like ${bind(prefix)}
      order by lower(traits->>'email') using ~<~ limit ${prefixMatchesMax}`;
  return `${named} union all (${addressed})`;
}

export type IdentifierRow = {
  profile_id: string;
  kind: "external" | "anonymous";
  value: string;
  event_id: string | null;
  created_at: Date;
};

/** The ids of people: at most 100 of each kind for each of them; external ones oldest first, anonymous ones newest first. */
export function selectIdentifiers(db: Db, tenant: Tenant, profileIds: readonly string[]): Promise<IdentifierRow[]> {
  if (profileIds.length === 0) return Promise.resolve([]);
  return db.sql<IdentifierRow>(
    `select p.id as profile_id, i.kind, i.value, i.event_id, i.created_at
     from unnest($2::uuid[]) p(id)
     cross join lateral (
       (select kind, value, event_id, created_at from identifiers
        where workspace_id = $1 and profile_id = p.id and kind = 'external' order by created_at, value limit 100)
       union all
       (select kind, value, event_id, created_at from identifiers
        where workspace_id = $1 and profile_id = p.id and kind = 'anonymous' order by created_at desc, value limit 100)) i`,
    [tenant.workspaceId, profileIds],
  );
}

export type IdentityChangeRow = {
  id: string;
  kind: "merged" | "taken_over" | "aliased";
  at: Date;
  profile_id: string;
  other_id: string | null;
  identifier_kind: "external" | "anonymous" | null;
  value: string | null;
  details: { user_id?: string; external_id?: string; anonymous_id?: string; previous_id?: string; event?: string };
};

/** Merges, takeovers and aliases that one person (given with those who were merged into it) had a part in: the newest 100. */
export const selectIdentityChanges = (
  db: Db,
  tenant: Tenant,
  profileIds: readonly string[],
): Promise<IdentityChangeRow[]> =>
  db.sql<IdentityChangeRow>(
    `select c.id, c.kind, uuid_time(c.id) as at, c.profile_id, c.other_id, c.identifier_kind, c.value, jsonb_strip_nulls(c.details) as details
     from identity_changes c where c.workspace_id = $1 and c.id in (
       (select id from identity_changes where workspace_id = $1 and profile_id = any($2::uuid[]) order by id desc limit 100)
       union (select id from identity_changes where workspace_id = $1 and other_id = any($2::uuid[]) order by id desc limit 100))
     order by c.id desc limit 100`,
    [tenant.workspaceId, profileIds],
  );
