import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { normalEmail, type Suppression, type TroubledPush } from "./schema";
import type { PushOutcome } from "./settle-push";
import { heldByHand } from "./store-sql";

/** An address on a list; null: on all of them. */
export type PushPlace = { email: string; connectionId: string | null; stream: string | null };

/**
 * Asks that the provider's lists say of the addresses what is held by hand here, in the caller's transaction. A wish replaces the one
 * before it; one that is being carried at this moment is carried first, so that they cannot overtake each other.
 */
export async function enqueuePushes(db: Db, tenant: Tenant, places: readonly PushPlace[]): Promise<void> {
  if (places.length === 0) return;
  await db.sql(
    `insert into suppression_pushes as p (workspace_id, connection_id, stream, email, wanted, status, due_at)
     select distinct l.workspace_id, l.connection_id, l.stream, a.email, case when h.held then 'suppressed' else 'lifted' end,
       'pending', clock_timestamp()
     from unnest($2::text[], $3::uuid[], $4::text[]) a(email, connection_id, stream)
     join suppression_lists l on l.workspace_id = $1 and l.connection_id = coalesce(a.connection_id, l.connection_id)
       and l.stream = coalesce(nullif(a.stream, '*'), l.stream)
     cross join lateral (select exists (select from suppressions s where s.workspace_id = $1 and s.email = a.email
       and ${heldByHand("s", "l.connection_id", "l.stream")}) as held) h
     -- A list that holds an address for a bounce or a complaint is not asked to let go of it for another reason. A wish of before that
     -- stays, which may hold the address back for too long, never for too short.
     where h.held or not exists (select from suppressions s where s.workspace_id = $1 and s.email = a.email and s.active
       and s.connection_id = l.connection_id and s.stream = l.stream and s.reason in ('hard_bounce', 'spam_complaint'))
     order by 2, 3, 4
     on conflict (workspace_id, connection_id, stream, email) do update
     set wanted = excluded.wanted, version = p.version + 1, status = 'pending', attempt = 0, message = null, finished_at = null,
         due_at = case when p.lease_token is null then excluded.due_at else greatest(p.due_at, excluded.due_at) end`,
    [
      tenant.workspaceId,
      places.map(({ email }) => normalEmail(email)),
      places.map(({ connectionId }) => connectionId),
      places.map(({ stream }) => stream),
    ],
  );
}

export type ClaimedPushes = {
  connectionId: string;
  stream: string;
  wanted: "suppressed" | "lifted";
  token: string;
  pushes: { email: string; version: number; attempt: number }[];
};

/** Takes due wishes of one kind for one list, the oldest first; null when none is due. A crashed process's lapse with the lease. */
export async function claimPushes(
  db: Db,
  tenant: Tenant,
  { token, take, leaseMs, email = null }: { token: string; take: number; leaseMs: number; email?: string | null },
): Promise<ClaimedPushes | null> {
  type Row = Pick<ClaimedPushes, "stream" | "wanted"> & ClaimedPushes["pushes"][number] & { connection_id: string };
  const rows = await db.sql<Row>(
    `with head as materialized (
       select connection_id, stream, wanted from suppression_pushes
       where workspace_id = $1 and due_at <= clock_timestamp() and ($5::text is null or email = $5)
       order by due_at limit 1 for update skip locked),
     due as materialized (
       select p.connection_id, p.stream, p.email from suppression_pushes p join head h
         on p.connection_id = h.connection_id and p.stream = h.stream and p.wanted = h.wanted
       where p.workspace_id = $1 and p.due_at <= clock_timestamp() and ($5::text is null or p.email = $5)
       order by p.due_at limit $3 for update of p skip locked)
     update suppression_pushes p
     set lease_token = $2, due_at = clock_timestamp() + $4 * interval '1 millisecond', attempt = p.attempt + 1
     from due where p.workspace_id = $1 and p.connection_id = due.connection_id and p.stream = due.stream and p.email = due.email
     returning p.connection_id, p.stream, p.wanted, p.email, p.version, p.attempt`,
    [tenant.workspaceId, token, take, leaseMs, email],
  );
  const [first] = rows;
  if (!first) return null;
  return {
    connectionId: first.connection_id,
    stream: first.stream,
    wanted: first.wanted,
    token,
    pushes: rows.map(({ email: address, version, attempt }) => ({ email: address, version, attempt })),
  };
}

/**
 * Writes down what became of claimed wishes, while the lease holds. An answer to a wish that was replaced meanwhile only frees the new
 * one. An address that the provider would not let go of is held here as well, before the wish is over: whoever dies in between leaves one
 * that is carried again. Its list is read again soon to learn why.
 */
export async function savePushes(
  db: Db,
  tenant: Tenant,
  claimed: ClaimedPushes,
  outcomes: readonly PushOutcome[],
): Promise<{ saved: number; held: number }> {
  const refused = claimed.wanted === "lifted" ? outcomes.filter(({ status }) => status === "refused") : [];
  const held = refused.length === 0 ? 0 : await holdWhatIsKept(db, tenant, claimed, refused);
  const saved = await db.sql(
    `update suppression_pushes p
     set lease_token = null,
       status = case when p.version = o.version then o.status else 'pending' end,
       attempt = case when p.version = o.version then p.attempt else 0 end,
       message = case when p.version = o.version then o.message end,
       finished_at = case when p.version = o.version and o.status <> 'pending' then clock_timestamp() end,
       due_at = case when p.version <> o.version then clock_timestamp()
         when o.status = 'pending' then clock_timestamp() + o.retry_ms * interval '1 millisecond' end
     from unnest($5::text[], $6::int[], $7::text[], $8::text[], $9::float8[]) o(email, version, status, message, retry_ms)
     where p.workspace_id = $1 and p.connection_id = $2 and p.stream = $3 and p.email = o.email and p.lease_token = $4
     returning 1 as saved`,
    [
      tenant.workspaceId,
      claimed.connectionId,
      claimed.stream,
      claimed.token,
      outcomes.map(({ email }) => email),
      outcomes.map(({ version }) => version),
      outcomes.map(({ status }) => status),
      outcomes.map(({ message }) => message),
      outcomes.map(({ retryMs }) => retryMs ?? 0),
    ],
  );
  return { saved: saved.length, held };
}

/** Why it is kept is not said here; the next reading of the list, made due soon, tells. @returns how many addresses are held */
async function holdWhatIsKept(
  db: Db,
  tenant: Tenant,
  { connectionId, stream, token }: ClaimedPushes,
  refused: readonly PushOutcome[],
): Promise<number> {
  const held = await db.sql(
    `insert into suppressions as s
       (workspace_id, email, scope, connection_id, stream, reason, origin, active, changed_at, created_at, listed_at, listed_origin)
     select $1, p.email, 'stream', $2, $3, 'manual', 'provider', true, now(), now(), now(), 'provider'
     from unnest($5::text[], $6::int[]) o(email, version)
     join suppression_pushes p on p.workspace_id = $1 and p.connection_id = $2 and p.stream = $3 and p.email = o.email
       and p.lease_token = $4 and p.version = o.version
     order by p.email
     on conflict (workspace_id, email, scope, connection_id, stream, reason) do update
     set active = true, origin = 'provider', changed_at = greatest(excluded.changed_at, s.changed_at), listed_at = now(),
         listed_origin = 'provider', created_at = case when s.active then s.created_at else excluded.created_at end
     returning 1 as held`,
    [
      tenant.workspaceId,
      connectionId,
      stream,
      token,
      refused.map(({ email }) => email),
      refused.map(({ version }) => version),
    ],
  );
  if (held.length > 0)
    await db.sql(
      `update suppression_lists set due_at = least(due_at, now() + interval '1 minute')
       where workspace_id = $1 and connection_id = $2 and stream = $3 and lease_token is null`,
      [tenant.workspaceId, connectionId, stream],
    );
  return held.length;
}

type PushState = NonNullable<Suppression["push"]> & { email: string; connection_id: string; stream: string };

/** What is on its way or could not be, for the addresses of a page: what a person must know first comes first. */
export const pushesOf = (db: Db, tenant: Tenant, emails: readonly string[]): Promise<PushState[]> =>
  db.sql<PushState>(
    `select email, connection_id, stream, status, message from suppression_pushes
     where workspace_id = $1 and email = any($2) and status <> 'done'
     order by array_position(array['refused', 'failed', 'pending'], status), connection_id, stream limit 2000`,
    [tenant.workspaceId, emails],
  );

/** The newest changes that did not come about, for people to see. */
export async function troubledPushes(db: Db, tenant: Tenant, limit: number): Promise<TroubledPush[]> {
  type Row = Pick<TroubledPush, "email" | "stream" | "wanted" | "status" | "message"> & {
    connection_id: string;
    finished_at: Date;
  };
  const rows = await db.sql<Row>(
    `select p.email, p.connection_id, p.stream, p.wanted, p.status, p.message, p.finished_at
     from unnest(array['refused', 'failed']) of(status)
     cross join lateral (select * from suppression_pushes p where p.workspace_id = $1 and p.status = of.status
       order by p.finished_at desc limit $2) p
     order by p.finished_at desc limit $2`,
    [tenant.workspaceId, limit],
  );
  return rows.map(({ connection_id: connectionId, finished_at: at, ...row }) => ({
    ...row,
    connectionId,
    at: at.toISOString(),
  }));
}
