import pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";
import { closeDatabase } from "../db";
import { forgetEnv } from "../env";

/** Each test file has a database of its own, cloned from the migrated template, and an environment to go with it. */
const name = `${inject("databaseTemplate")}_${process.pid}_${Math.floor(performance.now() * 1000)}`;

async function onAdmin(sql: string) {
  const client = new pg.Client({ connectionString: inject("databaseAdminUrl") });
  await client.connect();
  await client.query(sql);
  await client.end();
}

beforeAll(async () => {
  await onAdmin(`create database "${name}" template "${inject("databaseTemplate")}"`);
  process.env.DATABASE_URL = Object.assign(new URL(inject("databaseAdminUrl")), { pathname: `/${name}` }).href;
  process.env.NEXTAUTH_SECRET = "test-nextauth-secret";
  process.env.CRON_SECRET = "test-cron-secret-123";
  process.env.ENCRYPTION_KEYS = `test:${Buffer.alloc(32, 7).toString("base64")}`;
  forgetEnv();
});

afterAll(async () => {
  await closeDatabase();
  await onAdmin(`drop database if exists "${name}" with (force)`);
});
