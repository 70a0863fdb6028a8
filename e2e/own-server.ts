/** A server process that a spec may kill: the built one, with a database, a sandbox and a workspace of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import pg from "pg";
import { startSandbox } from "../lib/sandbox";
import { migrate } from "../scripts/migrate";
import { type Api, apiWith } from "./api";
import { type Stage, unique } from "./fixtures";

const logFile = ".data/crash.log";

export type OwnServer = Awaited<ReturnType<typeof ownServer>>;

export async function ownServer(stage: Stage) {
  const database = unique("gflux_crash").replaceAll("-", "_");
  await onDatabase(stage.databaseUrl, `create database "${database}"`);
  const databaseUrl = Object.assign(new URL(stage.databaseUrl), { pathname: `/${database}` }).href;
  await migrate(databaseUrl);
  const sandbox = await startSandbox({ deliverAfterMs: 100, indexLagMs: 300 });
  const port = await freePort();
  const env = {
    ...process.env,
    ...stage.settings,
    NODE_ENV: "production" as const,
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    APP_URL: `http://127.0.0.1:${port}`,
    POSTMARK_API_URL: sandbox.url,
    // What waits for Postmark waits seconds here, so that a crash is healed while one watches.
    POSTMARK_SEARCH_LAG_MS: "1000",
    POSTMARK_TIMEOUT_MS: "3000",
    RATE_LIMIT: "off",
  };
  const made = JSON.parse(
    execFileSync(
      process.execPath,
      [
        "dist/gflux.mjs",
        ...["workspace", "create", "--json", "--name", "Crash"],
        ...["--owner-email", `${database}@example.com`, "--owner-password", "correct horse battery"],
      ],
      { env, encoding: "utf8" },
    ),
  ) as { workspace_id: string; secret_key: string };
  let server: ChildProcess | undefined;
  return {
    workspace: { id: made.workspace_id, api: apiWith(env.APP_URL, made.secret_key) as Api },
    postmark: sandbox.world(),
    async start(): Promise<void> {
      const log = fs.openSync(logFile, "a");
      server = spawn(process.execPath, ["dist/server.mjs"], { env, stdio: ["ignore", log, log] });
      fs.closeSync(log);
      for (const limit = Date.now() + 60_000; Date.now() < limit; ) {
        if (server.exitCode !== null) throw new Error(`The server ended while it was starting: ${logFile} says why.`);
        const ready = await fetch(`${env.APP_URL}/api/ready`).catch(() => null); // not listening yet
        if (ready?.ok) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`The server did not become ready within a minute: ${logFile} may say why.`);
    },
    /** @returns the exit code; null when the signal itself ended it */
    async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
      if (!server || server.exitCode !== null || server.signalCode !== null) return server?.exitCode ?? null;
      const gone = once(server, "exit");
      server.kill(signal);
      await gone;
      return server.exitCode;
    },
    /** How many sends stand in each status, as the database has it. */
    async sends(): Promise<Record<string, number>> {
      const rows = await onDatabase(databaseUrl, "select status, count(*)::int as count from sends group by status");
      return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
    },
    async close(): Promise<void> {
      await this.end("SIGKILL");
      await sandbox.close();
      await onDatabase(stage.databaseUrl, `drop database if exists "${database}" with (force)`);
    },
  };
}

async function onDatabase(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ status: string; count: number }>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo; // a TCP server has no other kind
  probe.close();
  await once(probe, "close");
  return port;
}
