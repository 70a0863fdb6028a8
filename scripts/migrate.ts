/**
 * Applies prisma/migrations in order without the Prisma CLI: same table, checksums and lock as `prisma migrate deploy`, so either
 * may be used on the same database. Safe to run from several processes at once.
 */
import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import pg from "pg";

/** The advisory lock that Prisma takes. */
const prismaLock = 72_707_369;

const migrationsTable = `create table if not exists "_prisma_migrations" (
  id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
  logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`;

/** @returns the names that were applied now. @throws Error naming the migration that failed, now or earlier */
export async function migrate(url: string, dir = path.resolve("prisma/migrations")): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [prismaLock]); // released with the connection
    await client.query(migrationsTable);
    const done = await appliedMigrations(client);
    const applied: string[] = [];
    for (const { name, sql, checksum } of readMigrations(dir)) {
      const before = done.get(name);
      if (before !== undefined && before !== checksum)
        console.warn(`Migration ${name} was edited after it was applied.`);
      if (before !== undefined) continue;
      await apply(client, { name, sql, checksum });
      applied.push(name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

function readMigrations(dir: string): { name: string; sql: string; checksum: string }[] {
  const names = fs.readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names
    .map(({ name }) => ({ name, sql: fs.readFileSync(path.join(dir, name, "migration.sql"), "utf8") }))
    .map(({ name, sql }) => ({ name, sql, checksum: createHash("sha256").update(sql).digest("hex") }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function appliedMigrations(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
    `select migration_name, checksum, finished_at from "_prisma_migrations" where rolled_back_at is null`,
  );
  const failed = rows.find((row) => row.finished_at === null);
  if (failed)
    throw new Error(
      `Migration ${failed.migration_name} failed earlier. Repair the database, then delete its row from _prisma_migrations.`,
    );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

/** One file is one implicit transaction, as with Prisma. */
async function apply(client: pg.Client, migration: { name: string; sql: string; checksum: string }): Promise<void> {
  const id = randomUUID();
  await client.query(
    `insert into "_prisma_migrations" (id, checksum, migration_name, started_at) values ($1, $2, $3, now())`,
    [id, migration.checksum, migration.name],
  );
  try {
    await client.query(migration.sql);
  } catch (thrown) {
    await client.query(`update "_prisma_migrations" set logs = $2 where id = $1`, [id, String(thrown)]);
    throw new Error(`Migration ${migration.name} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  await client.query(`update "_prisma_migrations" set finished_at = now(), applied_steps_count = 1 where id = $1`, [
    id,
  ]);
}
