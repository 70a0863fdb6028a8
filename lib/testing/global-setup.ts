import pg from "pg";
import type { TestProject } from "vitest/node";
import { ensureDatabase, stopDatabase } from "../../scripts/embedded-postgres";
import { migrate } from "../../scripts/migrate";

const dir = ".data/test-postgres";

/** One migrated template database; each test worker clones it. Runs on DATABASE_URL_TEST, else on an embedded PostgreSQL. */
export default async function setup(project: TestProject) {
  const admin = process.env.DATABASE_URL_TEST ?? (await ensureDatabase({ dir, fast: true, database: "postgres" }));
  const template = `gflux_test_${process.pid}_${Date.now()}`;
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  await client.query(`create database ${template}`);
  await migrate(Object.assign(new URL(admin), { pathname: `/${template}` }).href);
  project.provide("databaseAdminUrl", admin);
  project.provide("databaseTemplate", template);
  return async () => {
    const { rows } = await client.query<{ datname: string }>("select datname from pg_database where datname like $1", [
      `${template}%`,
    ]);
    for (const { datname } of rows) await client.query(`drop database "${datname}" with (force)`);
    await client.end();
    if (!process.env.DATABASE_URL_TEST && process.env.CI) await stopDatabase({ dir });
  };
}

declare module "vitest" {
  interface ProvidedContext {
    databaseAdminUrl: string;
    databaseTemplate: string;
  }
}
