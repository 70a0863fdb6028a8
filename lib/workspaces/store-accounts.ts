import "server-only";
import type { Db } from "../db";
import { newId } from "../ids";
import type { User } from "./schema";
import { windowSeconds } from "./throttle";

/** People belong to any number of workspaces, so nothing here takes a tenant. */
export type Account = User & { passwordHash: string; sessionsValidAfter: Date };

const columns = { id: true, email: true, name: true, passwordHash: true, sessionsValidAfter: true } as const;

export const accountByEmail = (db: Db, email: string): Promise<Account | null> =>
  db.prisma.user.findUnique({ where: { email }, select: columns });

export const accountById = (db: Db, id: string): Promise<Account | null> =>
  db.prisma.user.findUnique({ where: { id }, select: columns });

/** @returns null when the address has an account */
export async function insertAccount(
  db: Db,
  row: { email: string; name: string | null; passwordHash: string },
): Promise<User | null> {
  // Nothing to end yet: any session of a new account is good, whatever the clocks of server and database say.
  const [made] = await db.sql<User>(
    `insert into users (id, email, name, password_hash, sessions_valid_after) values ($1, $2, $3, $4, 'epoch')
     on conflict do nothing returning id, email, name`,
    [newId(), row.email, row.name, row.passwordHash],
  );
  return made ?? null;
}

export const anyAccount = async (db: Db): Promise<boolean> =>
  (await db.prisma.user.findFirst({ select: { id: true } })) !== null;

/** Until the transaction ends no one else passes here: there can only be one first account. */
export const lockFirstAccount = (db: Db) => db.sql("select pg_advisory_xact_lock(hashtext('gflux_first_account'))");

/** Stores a password and ends every session that was signed in before now. */
export const updatePassword = (db: Db, userId: string, passwordHash: string) =>
  db.sql("update users set password_hash = $2, sessions_valid_after = clock_timestamp() where id = $1", [
    userId,
    passwordHash,
  ]);

export const updateName = (db: Db, userId: string, name: string | null) =>
  db.prisma.user.update({ where: { id: userId }, data: { name }, select: { id: true, email: true, name: true } });

/** The database's clock, as finely as `sessions_valid_after` keeps it: a session is compared with that. Milliseconds since 1970. */
export async function databaseNowMs(db: Db): Promise<number> {
  const [row] = await db.sql<{ now: Date }>("select clock_timestamp()::timestamptz(3) as now");
  return row?.now.getTime() ?? 0;
}

// ——— Throttles

/**
 * Counts one attempt before it is judged, so that attempts made at once count as well.
 * @returns how many this window has seen, this one included, and when the window ends
 */
export async function countAttempt(db: Db, key: string): Promise<{ attempts: number; secondsLeft: number }> {
  const [row] = await db.sql<{ attempts: number; secondsLeft: number }>(
    `insert into throttles as t (key, failures, reset_at) values ($1, 1, now() + $2 * interval '1 second')
     on conflict (key) do update set
       failures = case when t.reset_at <= now() then 1 else t.failures + 1 end,
       reset_at = case when t.reset_at <= now() then excluded.reset_at else t.reset_at end
     returning failures as attempts, ceil(extract(epoch from reset_at - now()))::int as "secondsLeft"`,
    [key, windowSeconds],
  );
  return row ?? { attempts: 1, secondsLeft: windowSeconds };
}

/** The attempt was good: it does not count. */
export const forgiveAttempt = (db: Db, key: string) =>
  db.sql("update throttles set failures = greatest(failures - 1, 0) where key = $1", [key]);

/** Forgets all failures of one key, and a few windows that ended. */
export async function forgetAttempts(db: Db, key: string): Promise<void> {
  await db.sql(
    `delete from throttles where key = $1
     or key in (select key from throttles where reset_at < now() order by reset_at limit 20)`,
    [key],
  );
}

// ——— Password resets

/** @returns when it expires */
export async function insertReset(
  db: Db,
  row: { tokenHash: string; userId: string; createdBy: string; hours: number },
): Promise<Date> {
  const [made] = await db.sql<{ expiresAt: Date }>(
    `insert into password_resets (token_hash, user_id, created_by, expires_at)
     values ($1, $2, $3, now() + $4 * interval '1 hour') returning expires_at as "expiresAt"`,
    [row.tokenHash, row.userId, row.createdBy, row.hours],
  );
  if (made === undefined) throw new Error("an inserted reset was not returned");
  return made.expiresAt;
}

type Reset = { userId: string; createdBy: string };
const openResetSql = `select user_id as "userId", created_by as "createdBy" from password_resets
  where token_hash = $1 and used_at is null and expires_at > now()`;

/** A reset that can still be used. */
export async function openReset(db: Db, tokenHash: string): Promise<Reset | null> {
  const [row] = await db.sql<Reset>(openResetSql, [tokenHash]);
  return row ?? null;
}

/** The same, held until the transaction ends. */
export async function lockReset(db: Db, tokenHash: string): Promise<Reset | null> {
  const [row] = await db.sql<Reset>(`${openResetSql} for update`, [tokenHash]);
  return row ?? null;
}

/** Uses up every open reset of a person. */
export const useResets = (db: Db, userId: string) =>
  db.sql("update password_resets set used_at = now() where user_id = $1 and used_at is null", [userId]);

/** Whether `ownerId` is an owner of every workspace that `userId` belongs to, and there is one. */
export async function ownsAllOf(db: Db, { ownerId, userId }: { ownerId: string; userId: string }): Promise<boolean> {
  const [row] = await db.sql<{ all: boolean | null }>(
    `select bool_and(exists (select from memberships o where o.workspace_id = m.workspace_id and o.user_id = $1 and o.role = 'owner')) as all
     from memberships m where m.user_id = $2`,
    [ownerId, userId],
  );
  return row?.all === true;
}
