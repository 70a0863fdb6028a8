import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

/** Under which a request with an idempotency key is kept. */
export type Claim = { scope: string; key: string; bodyHash: string };
export type KeptAnswer = { bodyHash: string; status: number | null; answer: Uint8Array | null };

const place = (tenant: Tenant, { scope, key }: Claim) => [tenant.workspaceId, scope, key];

/** Holds the key until the transaction ends. @returns false while another transaction holds it */
export async function lockKey(db: Db, tenant: Tenant, claim: Claim): Promise<boolean> {
  const [row] = await db.sql<{ got: boolean }>("select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as got", [
    `idempotency ${place(tenant, claim).join(" ")}`,
  ]);
  return row?.got === true;
}

/** What is kept under the key, if that is not older than 24 hours. */
export async function readAnswer(db: Db, tenant: Tenant, claim: Claim): Promise<KeptAnswer | null> {
  const [row] = await db.sql<KeptAnswer>(
    `select body_hash as "bodyHash", status, answer from idempotency_keys
     where workspace_id = $1 and scope = $2 and key = $3 and created_at > now() - interval '24 hours'`,
    place(tenant, claim),
  );
  return row ?? null;
}

/** Keeps an answer, unless a fresh one is there already. */
export const keepAnswer = (db: Db, tenant: Tenant, claim: Claim, kept: { status: number; answer: Uint8Array }) =>
  db.sql(
    `insert into idempotency_keys (workspace_id, scope, key, body_hash, status, answer) values ($1, $2, $3, $4, $5, $6)
     on conflict (workspace_id, scope, key) do update
       set body_hash = excluded.body_hash, status = excluded.status, answer = excluded.answer, created_at = now()
       where idempotency_keys.status is null or idempotency_keys.created_at <= now() - interval '24 hours'`,
    [...place(tenant, claim), claim.bodyHash, kept.status, kept.answer],
  );

/**
 * Marks the key as running, for what calls someone outside. Who has run for longer than `takeoverSeconds` has died.
 * @returns false when it is taken: see `readAnswer`
 */
export async function startRunning(db: Db, tenant: Tenant, claim: Claim, takeoverSeconds: number): Promise<boolean> {
  const rows = await db.sql(
    `insert into idempotency_keys (workspace_id, scope, key, body_hash) values ($1, $2, $3, $4)
     on conflict (workspace_id, scope, key) do update
       set body_hash = excluded.body_hash, status = null, answer = null, created_at = now()
       where idempotency_keys.created_at <= now() - interval '24 hours'
         or (idempotency_keys.status is null and idempotency_keys.body_hash = excluded.body_hash
             and idempotency_keys.created_at <= now() - make_interval(secs => $5))
     returning 1`,
    [...place(tenant, claim), claim.bodyHash, takeoverSeconds],
  );
  return rows.length > 0;
}

/** Gives the key back after a failure that is not kept. */
export const stopRunning = (db: Db, tenant: Tenant, claim: Claim) =>
  db.sql(
    "delete from idempotency_keys where workspace_id = $1 and scope = $2 and key = $3 and status is null",
    place(tenant, claim),
  );

/** Forgets answers of more than 24 hours ago, a bounded number at a time. @returns how many went */
export async function purgeAnswers(db: Db, rowsMax: number): Promise<number> {
  const rows = await db.sql(
    `delete from idempotency_keys k using (select workspace_id, scope, key from idempotency_keys
       where created_at < now() - interval '24 hours' order by created_at limit $1) old
     where k.workspace_id = old.workspace_id and k.scope = old.scope and k.key = old.key returning 1`,
    [rowsMax],
  );
  return rows.length;
}

export type TokensWanted = { bucket: string; perSecond: number; burst: number; need: number; want: number };

/** Takes tokens of a rate limit, all that are needed or none. @returns how many were taken, and how many are left in the bucket */
export async function takeTokens(db: Db, tenant: Tenant, { bucket, perSecond, burst, need, want }: TokensWanted) {
  const [row] = await db.sql<{ taken: number; remaining: number }>(
    "select * from take_tokens($1, $2, $3, $4, $5, $6)",
    [tenant.workspaceId, bucket, perSecond, burst, need, want],
  );
  if (row === undefined) throw new Error("take_tokens() gave no row");
  return row;
}

/** Partitions of the running month and of the two to come. @returns how many were made */
export async function ensurePartitions(db: Db): Promise<number> {
  const [row] = await db.sql<{ made: number }>(
    `select sum(ensure_partitions(t, 2))::int as made
     from unnest(array['events', 'engagement_events', 'decisions', 'webhook_events']::regclass[]) t`,
  );
  return row?.made ?? 0;
}

/** Names of the migrations that the database has. Empty where it never saw one. */
export async function appliedMigrations(db: Db): Promise<string[]> {
  const [exists] = await db.sql<{ known: boolean }>("select to_regclass('_prisma_migrations') is not null as known");
  if (exists?.known !== true) return [];
  const rows = await db.sql<{ name: string }>(
    `select migration_name as name from "_prisma_migrations" where finished_at is not null and rolled_back_at is null`,
  );
  return rows.map(({ name }) => name);
}

export type Pulse = { dispatchers: number; lastBeatSeconds: number | null; oldestDueSeconds: number | null };

/**
 * Whether dispatchers are alive, and how long the oldest row has been due that somebody could do something about now: not what a
 * stopped workspace, a failing or disabled connection, its limits, or a provider's pause holds. Each probe is one step into an index.
 */
export async function readPulse(db: Db): Promise<Pulse> {
  const [row] = await db.sql<Pulse>(
    `select
       (select count(*)::int from heartbeats where beat_at > now() - interval '2 minutes') as dispatchers,
       (select extract(epoch from now() - max(beat_at))::float8 from heartbeats) as "lastBeatSeconds",
       (select extract(epoch from now() - min(least(e.due_at, s.due_at)))::float8 from workspaces w
        left join lateral (select due_at from enrollments
          where workspace_id = w.id and due_at <= now() order by due_at limit 1) e on true
        left join lateral (select min(q.due_at) as due_at from send_lanes l
          join connections c on c.workspace_id = l.workspace_id and c.id = l.connection_id and c.deleted_at is null
            and c.status in ('ready', 'unvalidated') and coalesce(lane_opens_at(l.not_before, l.held_reason, l.held_for, c.updated_at) <= now(), true)
          left join connection_limits m on m.workspace_id = l.workspace_id and m.connection_id = l.connection_id
          cross join lateral (
            select due_at from sends where workspace_id = w.id and connection_id = l.connection_id
              and message_stream = l.message_stream and status = 'queued' and due_at <= now() order by due_at limit 1) q
          where l.workspace_id = w.id and coalesce(m.opens_at <= now(), true)) s on true
        where w.sending_stopped_at is null) as "oldestDueSeconds"`,
  );
  if (row === undefined) throw new Error("the pulse gave no row");
  return row;
}
