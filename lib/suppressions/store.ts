import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { foldChanges, nilConnection, type SuppressionState } from "./changes";
import {
  normalEmail,
  type Suppression,
  type SuppressionChange,
  type SuppressionReason,
  type SuppressionScope,
  suppressionReason,
  suppressionScope,
} from "./schema";
import { enqueuePushes } from "./store-pushes";
import { heldByHand } from "./store-sql";

export type SuppressionRow = {
  email: string;
  scope: string;
  connection_id: string;
  stream: string;
  reason: string;
  origin: Suppression["origin"];
  created_at: Date;
};

/** A place in the list, newest first: all columns of its order. */
export type SuppressionCursor = [
  createdAt: string,
  email: string,
  scope: string,
  connectionId: string,
  stream: string,
  reason: string,
];

/** How many addresses a prefix may match; beyond that it is too short to search by. */
const prefixMatchesMax = 2000;

const columns = "email, scope, connection_id, stream, reason, origin, created_at";

/**
 * Writes changes down. Any order and any number of times end the same: for each key the newest `changedAt` wins, and a lifted one
 * stays as a row, so that older news cannot bring it back. What was not learnt from the provider's list is put on it (or taken off it).
 * @returns what began to hold by this call
 */
export async function applySuppressions(
  db: Db,
  tenant: Tenant,
  changes: readonly SuppressionChange[],
): Promise<{ email: string; reason: SuppressionReason }[]> {
  const folded = foldChanges(changes);
  const echoes = await takeEchoes(db, tenant, folded);
  const rows = folded.filter((row) => !(isPossibleEcho(row) && echoes.has(placeText(row))));
  if (rows.length === 0) return [];
  const written = await upsertStates(db, tenant, rows);
  const ours = rows.filter((row) => !row.listed && row.scope === "stream" && row.connectionId !== nilConnection);
  await enqueuePushes(db, tenant, ours);
  return written.filter(({ began }) => began).map(({ email, reason }) => ({ email, reason }));
}

const upsertStates = (db: Db, tenant: Tenant, rows: readonly SuppressionState[]) =>
  db.sql<{ email: string; reason: SuppressionReason; began: boolean }>(
    `insert into suppressions as s
       (workspace_id, email, scope, connection_id, stream, reason, origin, active, changed_at, created_at, listed_at, listed_origin)
     select $1::uuid, c.email, c.scope, c.connection_id, c.stream, c.reason, c.origin, c.active, c.changed_at, now(),
       case when c.listed then now() end, case when c.listed then c.origin end
     from unnest($2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::timestamptz[], $10::bool[])
       with ordinality c(email, scope, connection_id, stream, reason, origin, active, changed_at, listed, place)
     order by c.place
     on conflict (workspace_id, email, scope, connection_id, stream, reason) do update
     set origin = excluded.origin, active = excluded.active, changed_at = excluded.changed_at,
         created_at = case when excluded.active and not s.active then excluded.created_at else s.created_at end,
         listed_at = coalesce(excluded.listed_at, case when s.active then s.listed_at end),
         listed_origin = coalesce(excluded.listed_origin, case when s.active then s.listed_origin end)
     where (excluded.changed_at, excluded.active, excluded.origin) > (s.changed_at, s.active, s.origin)
     returning s.email, s.reason, s.active and s.created_at = now()::timestamptz(3) as began`,
    [
      tenant.workspaceId,
      rows.map((row) => row.email),
      rows.map((row) => row.scope),
      rows.map((row) => row.connectionId),
      rows.map((row) => row.stream),
      rows.map((row) => row.reason),
      rows.map((row) => row.origin),
      rows.map((row) => row.active),
      rows.map((row) => row.changedAt),
      rows.map((row) => row.listed),
    ],
  );

/** What we put on the provider's list comes back as its customer's manual entry. */
const isPossibleEcho = (row: SuppressionState): boolean =>
  row.listed && row.active && row.scope === "workspace" && row.reason === "manual" && row.origin === "customer";
const placeText = ({ email, connectionId, stream }: Pick<SuppressionState, "email" | "connectionId" | "stream">) =>
  [email, connectionId, stream].join("\n");

/**
 * Notes that the list has what was suppressed by hand here. It would else become a second suppression, of the whole workspace, that
 * outlives the first. @returns the places of those that are such echoes
 */
async function takeEchoes(db: Db, tenant: Tenant, rows: readonly SuppressionState[]): Promise<Set<string>> {
  const asked = rows.filter(isPossibleEcho);
  if (asked.length === 0) return new Set();
  const echoes = await db.sql<{ email: string; connection_id: string; stream: string }>(
    `with echo as materialized (
       select e.* from unnest($2::text[], $3::uuid[], $4::text[]) e(email, connection_id, stream)
       where exists (select from suppressions s where s.workspace_id = $1 and s.email = e.email
         and ${heldByHand("s", "e.connection_id", "e.stream")})),
     noted as (
       update suppressions s set listed_at = now(), listed_origin = 'customer' from echo e
       where s.workspace_id = $1 and s.email = e.email and s.connection_id = e.connection_id and s.stream = e.stream
         and s.scope = 'stream' and s.active and s.listed_at is null)
     select * from echo`,
    [
      tenant.workspaceId,
      asked.map((row) => row.email),
      asked.map((row) => row.connectionId),
      asked.map((row) => row.stream),
    ],
  );
  return new Set(
    echoes.map(({ email, connection_id: connectionId, stream }) => placeText({ email, connectionId, stream })),
  );
}

/** Which of the addresses must not be written to through a stream, and why. Keyed by the lower-case address. One probe of the key for each. */
export async function suppressedAmong(
  db: Db,
  tenant: Tenant,
  { emails, connectionId, stream }: { emails: readonly string[]; connectionId: string; stream: string },
): Promise<Map<string, { reason: SuppressionReason }>> {
  const asked = [...new Set(emails.map(normalEmail))];
  if (asked.length === 0) return new Map();
  // Lateral with a limit: the planner cannot turn it into a scan of the whole list.
  const rows = await db.sql<{ email: string; reason: SuppressionReason }>(
    `select a.email, held.reason
     from unnest($2::text[]) a(email)
     cross join lateral (
       select s.reason from suppressions s
       where s.workspace_id = $1 and s.email = a.email and s.active
         and (s.scope = 'workspace' or s.connection_id = $3 and s.stream in ($4, '*'))
       order by s.scope desc, s.reason limit 1) held`,
    [tenant.workspaceId, asked, connectionId, stream],
  );
  return new Map(rows.map(({ email, reason }) => [email, { reason }]));
}

/** The connections and streams on which each of the addresses has unsubscribed, by the lower-case address; stream `*` is every one. */
export async function unsubscribesAmong(
  db: Db,
  tenant: Tenant,
  emails: readonly string[],
): Promise<Map<string, { connectionId: string; stream: string }[]>> {
  const asked = [...new Set(emails.map(normalEmail))];
  if (asked.length === 0) return new Map();
  const rows = await db.sql<{ email: string; held: { connectionId: string; stream: string }[] }>(
    `select a.email, held.held from unnest($2::text[]) a(email)
     cross join lateral (
       select jsonb_agg(jsonb_build_object('connectionId', s.connection_id, 'stream', s.stream)) as held from suppressions s
       where s.workspace_id = $1 and s.email = a.email and s.scope = 'stream' and s.reason = 'unsubscribe' and s.active) held
     where held.held is not null`,
    [tenant.workspaceId, asked],
  );
  return new Map(rows.map(({ email, held }) => [email, held]));
}

/** The one row of an address that says whether it has unsubscribed there, as it stands; null where it never did. */
export async function unsubscribeStanding(
  db: Db,
  tenant: Tenant,
  { email, connectionId, stream }: { email: string; connectionId: string; stream: string },
): Promise<{ active: boolean; byRecipient: boolean; changedAt: Date } | null> {
  const [row] = await db.sql<{ active: boolean; byRecipient: boolean; changedAt: Date }>(
    `select active, origin = 'recipient' as "byRecipient", changed_at as "changedAt" from suppressions
     where workspace_id = $1 and email = $2 and scope = 'stream' and connection_id = $3 and stream = $4 and reason = 'unsubscribe'`,
    [tenant.workspaceId, normalEmail(email), connectionId, stream],
  );
  return row ?? null;
}

/** Everything that holds for the addresses, for people to see. */
export async function selectSuppressionsOf(db: Db, tenant: Tenant, emails: readonly string[]) {
  const asked = [...new Set(emails.map(normalEmail))];
  if (asked.length === 0) return [];
  return db.sql<SuppressionRow>(
    `select ${columns} from suppressions where workspace_id = $1 and email = any($2) and active order by created_at desc, email limit 500`,
    [tenant.workspaceId, asked],
  );
}

/** One page, newest first, and one row more when there are more. */
export function selectSuppressions(
  db: Db,
  tenant: Tenant,
  filter: {
    email?: string;
    prefix?: string;
    reason?: SuppressionReason;
    before?: SuppressionCursor;
    limit: number;
  },
): Promise<SuppressionRow[]> {
  const values: unknown[] = [tenant.workspaceId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const tests = ["workspace_id = $1", "active"];
  if (filter.email !== undefined) tests.push(`email = ${bind(filter.email)}`);
  if (filter.reason) tests.push(`reason = ${bind(filter.reason)}`);
  const among =
    filter.prefix === undefined
      ? "suppressions"
      : `(select * from suppressions where workspace_id = $1 and email like ${bind(likePrefix(filter.prefix))}
          order by email using ~<~ limit ${prefixMatchesMax}) matching`;
  if (filter.before) {
    const [createdAt, ...key] = filter.before;
    tests.push(
      `created_at <= ${bind(createdAt)} and (created_at, email, scope, connection_id, stream, reason) <
       (${[bind(createdAt), ...key.map(bind)].map((place, at) => (at === 0 ? `${place}::timestamptz` : at === 3 ? `${place}::uuid` : place)).join(", ")})`,
    );
  }
  return db.sql<SuppressionRow>(
    `select ${columns} from ${among} where ${tests.join(" and ")}
     order by created_at desc, email desc, scope desc, connection_id desc, stream desc, reason desc
     limit ${bind(filter.limit + 1)}`,
    values,
  );
}

/** A person's own word: holds from now on, whatever was known, also where a provider's clock is ahead of ours. */
export async function insertManual(
  db: Db,
  tenant: Tenant,
  row: { email: string; scope: SuppressionScope; connectionId: string | null; stream: string | null },
): Promise<SuppressionRow> {
  const [made] = await db.sql<SuppressionRow>(
    `insert into suppressions as s
       (workspace_id, email, scope, connection_id, stream, reason, origin, active, changed_at, created_at)
     values ($1, $2, $3, $4, $5, 'manual', 'customer', true, now(), now())
     on conflict (workspace_id, email, scope, connection_id, stream, reason) do update
     set active = true, origin = excluded.origin, changed_at = greatest(excluded.changed_at, s.changed_at),
         listed_at = case when s.active then s.listed_at end, listed_origin = case when s.active then s.listed_origin end,
         created_at = case when s.active then s.created_at else excluded.created_at end
     returning ${columns}`,
    [tenant.workspaceId, row.email, row.scope, row.connectionId ?? nilConnection, row.stream ?? "*"],
  );
  if (!made) throw new Error("an upsert returned no row");
  return made;
}

/**
 * What the provider is known not to let go of, among that which would be lifted: complaints, and what recipients said themselves. Only
 * while its list is one that we keep.
 */
export async function selectUnliftable(
  db: Db,
  tenant: Tenant,
  { email, connectionId, stream }: { email: string; connectionId?: string; stream?: string },
): Promise<{ reason: SuppressionReason; connection_id: string; stream: string }[]> {
  return db.sql<{ reason: SuppressionReason; connection_id: string; stream: string }>(
    `select s.reason, s.connection_id, s.stream from suppressions s
     join suppression_lists l on l.workspace_id = $1 and l.connection_id = s.connection_id and l.stream = s.stream
     where s.workspace_id = $1 and s.email = $2 and s.active
       and s.listed_at >= coalesce(l.server_since, '-infinity')
       and (s.reason = 'spam_complaint' or s.reason = 'unsubscribe' and s.listed_origin = 'recipient')
       and ($3::uuid is null or s.connection_id = $3) and ($4::text is null or s.stream = $4)
     order by s.reason limit 1`,
    [tenant.workspaceId, email, connectionId ?? null, stream ?? null],
  );
}

/** Lifts what holds for an address: everything, or what came from one connection and stream. @returns the reasons lifted */
export async function liftSuppressions(
  db: Db,
  tenant: Tenant,
  { email, connectionId, stream }: { email: string; connectionId?: string; stream?: string },
): Promise<string[]> {
  const lifted = await db.sql<{ reason: string }>(
    `update suppressions set active = false, origin = 'customer', changed_at = greatest(now(), changed_at)
     where workspace_id = $1 and email = $2 and active
       and ($3::uuid is null or connection_id = $3) and ($4::text is null or stream = $4)
     returning reason`,
    [tenant.workspaceId, email, connectionId ?? null, stream ?? null],
  );
  return lifted.map(({ reason }) => reason);
}

/** As the API shows it. */
export function toSuppression(row: SuppressionRow, push: Suppression["push"] = null): Suppression {
  const scope = suppressionScope.parse(row.scope);
  return {
    email: row.email,
    scope,
    connection_id: scope === "stream" ? row.connection_id : null,
    stream: scope === "stream" ? row.stream : null,
    reason: suppressionReason.parse(row.reason),
    origin: row.origin,
    created_at: row.created_at.toISOString(),
    listed_on: row.connection_id === nilConnection ? null : { connection_id: row.connection_id, stream: row.stream },
    push,
  };
}

/** Text of a user as the beginning in LIKE. */
const likePrefix = (text: string): string => `${text.replace(/[\\%_]/g, "\\$&")}%`;
