/** What Playwright starts: a database of its own, the sandbox and the production server. Everything a spec needs is in .data/e2e.json. */
import fs from "node:fs";
import pg from "pg";
import { build } from "../scripts/build";
import { ensureDatabase } from "../scripts/embedded-postgres";
import { startLocal, stopOnSignal } from "../scripts/local-server";

/** What the specs need of the server's environment to use lib/ themselves. */
const shared = [
  "DATABASE_URL",
  "APP_URL",
  "PORT",
  "NEXTAUTH_SECRET",
  "CRON_SECRET",
  "ENCRYPTION_KEYS",
  "POSTMARK_API_URL",
  "SIGNUP",
];
const port = Number(process.env.PORT ?? 3199);
await build();
const admin =
  process.env.DATABASE_URL_TEST ??
  (await ensureDatabase({ dir: ".data/test-postgres", fast: true, database: "postgres" }));
const name = `gflux_e2e_${Date.now()}`;
await onAdmin(`create database "${name}"`);
const databaseUrl = Object.assign(new URL(admin), { pathname: `/${name}` }).href;

const local = await startLocal({ port, databaseUrl, defaults: { RATE_LIMIT: "5000/10000" } });
fs.writeFileSync(
  ".data/e2e.json",
  JSON.stringify({
    appUrl: local.appUrl,
    databaseUrl,
    sandboxUrl: local.sandbox.url,
    controlKey: local.sandbox.controlKey,
    settings: Object.fromEntries(shared.map((name) => [name, local.settings[name]])),
  }),
);
stopOnSignal(async () => {
  await local.stop();
  await onAdmin(`drop database if exists "${name}" with (force)`);
});
const server = await local.startServer("dist/server.mjs", { NODE_ENV: "production" });
server.on("exit", (code) => {
  if (code) process.exit(code);
});

async function onAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  await client.query(sql);
  await client.end();
}
