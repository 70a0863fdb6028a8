/**
 * `npm run bench`: runs every file in bench/, each in a process of its own on a fresh database of an embedded PostgreSQL (with fsync),
 * and says how loaded the machine was meanwhile: figures are worth as much as that.
 *   npm run bench                     all
 *   npm run bench -- suppressions     only these
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import pg from "pg";
import { ensureDatabase, stopDatabase } from "./embedded-postgres";
import { migrate } from "./migrate";

const dir = ".data/bench-postgres";
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const names = fs
  .readdirSync("bench")
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((name) => wanted.length === 0 || wanted.includes(name));
if (names.length === 0) {
  console.error(`There is no bench ${wanted.join(", ")}.`);
  process.exit(2);
}

const admin = await ensureDatabase({ dir, database: "postgres" });
let failed = false;
try {
  for (const name of names) failed = !(await run(name)) || failed;
} finally {
  await stopDatabase({ dir });
}
process.exit(failed ? 1 : 0);

/** @returns whether it ran to its end */
async function run(name: string): Promise<boolean> {
  const database = `bench_${name.replace(/\W/g, "_")}`;
  const url = Object.assign(new URL(admin), { pathname: `/${database}` }).href;
  await onAdmin(`drop database if exists "${database}" with (force)`, `create database "${database}"`);
  await migrate(url);
  console.log(`\n▶ ${name} (${os.cpus().length} cores, load ${load()})`);
  const { status } = spawnSync(
    process.execPath,
    ["--conditions=react-server", "--expose-gc", "--import", "tsx", `bench/${name}.ts`],
    { stdio: "inherit", env: environment(url) },
  );
  console.log(`${status === 0 ? "✓" : "✗"} ${name} (load ${load()})`);
  await onAdmin(`drop database "${database}" with (force)`);
  return status === 0;
}

function load(): string | undefined {
  return os.loadavg()[0]?.toFixed(1);
}

function environment(url: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DATABASE_URL: url,
    NEXTAUTH_SECRET: randomBytes(32).toString("base64url"),
    CRON_SECRET: randomBytes(24).toString("base64url"),
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString("base64")}`,
  };
}

async function onAdmin(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
