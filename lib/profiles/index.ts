import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { suppressionsOf } from "../suppressions";
import { normalEmail, type Suppression } from "../suppressions/schema";
import type { ListProfilesInput, Profile, ProfileInput, ProfilePage } from "./schema";
import {
  findProfile,
  type IdentifierRow,
  type IdentityChangeRow,
  type ProfileRow,
  selectIdentifiers,
  selectIdentityChanges,
  selectProfileIds,
  selectProfiles,
} from "./store";

export { findProfile, type IdentifierRow, type ProfileRow, selectAddresses as addressesOf } from "./store";

/** The people of a workspace, newest first. */
export async function listProfiles(actor: Actor, input: ListProfilesInput): Promise<ProfilePage> {
  const tenant = allow(actor, "profiles:read");
  const rows = await selectProfiles(db, tenant, {
    email: normalEmail(input.email ?? "") || undefined,
    q: input.q || undefined,
    before: input.cursor,
    limit: input.limit,
  });
  const page = rows.slice(0, input.limit);
  const data = await withFacts(db, tenant, page);
  return { data, next_cursor: rows.length > page.length ? (page.at(-1)?.id ?? null) : null };
}

/** One person, by any of their ids. @throws AppError `not_found` */
export async function getProfile(actor: Actor, { id }: ProfileInput): Promise<Profile> {
  const tenant = allow(actor, "profiles:read");
  const [found] = await withFacts(db, tenant, [await profileOf(db, tenant, id)]);
  if (!found) throw noProfile();
  return found;
}

/** The person that any of the three ids names, or the survivor of a merge. @throws AppError `not_found` */
export async function profileOf(db: Db, tenant: Tenant, anyId: string): Promise<ProfileRow> {
  const found = await findProfile(db, tenant, anyId);
  if (!found) throw noProfile();
  return found;
}

/** A person with everyone who was merged into them: the ids that older events and sends may carry. */
export const profileIdsOf = (db: Db, tenant: Tenant, survivorId: string): Promise<string[]> =>
  selectProfileIds(db, tenant, survivorId);

/** What became of a person's ids other than that events brought new ones; `profileIds` as of `profileIdsOf`. The newest 100. */
export const identityChangesOf = (
  db: Db,
  tenant: Tenant,
  profileIds: readonly string[],
): Promise<IdentityChangeRow[]> => selectIdentityChanges(db, tenant, profileIds);

/** The ids that were attached to one person: at most 100 of each kind. */
export const identifiersOf = (db: Db, tenant: Tenant, profileId: string): Promise<IdentifierRow[]> =>
  selectIdentifiers(db, tenant, [profileId]);

const noProfile = () => new AppError("not_found", "There is no such person in this workspace.");

const emailOf = ({ traits }: ProfileRow): string | null => (typeof traits.email === "string" ? traits.email : null);

/** Adds the ids of people and what holds against writing to them: two look-ups for any number. */
async function withFacts(db: Db, tenant: Tenant, rows: readonly ProfileRow[]): Promise<Profile[]> {
  const identifiers = await selectIdentifiers(
    db,
    tenant,
    rows.map(({ id }) => id),
  );
  const holding = await suppressionsOf(
    db,
    tenant,
    rows.flatMap((row) => emailOf(row) ?? []),
  );
  return rows.map((row) => toProfile(tenant, row, { identifiers, holding }));
}

function toProfile(
  tenant: Tenant,
  row: ProfileRow,
  { identifiers, holding }: { identifiers: readonly IdentifierRow[]; holding: readonly Suppression[] },
): Profile {
  const email = emailOf(row);
  const ids = (kind: IdentifierRow["kind"]) =>
    identifiers.filter((item) => item.profile_id === row.id && item.kind === kind).map(({ value }) => value);
  return {
    id: row.id,
    project_id: tenant.workspaceId,
    external_id: ids("external")[0] ?? null,
    external_ids: ids("external"),
    anonymous_ids: ids("anonymous"),
    email,
    traits: row.traits,
    created_at: row.created_at.toISOString(),
    suppressed: email === null ? [] : holding.filter((item) => item.email === normalEmail(email)),
  };
}
