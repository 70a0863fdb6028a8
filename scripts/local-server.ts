/** The product with everything around it on this machine: embedded database, sandbox, server. What demo, dev and the browser tests start. */
import { type ChildProcess, spawn } from "node:child_process";
import { type Sandbox, startSandbox } from "../lib/sandbox";
import { migrate } from "./migrate";
import { localDatabase, localSecrets, type Settings, withDefaults } from "./settings";

export type Local = {
  /** What the server runs with: also set in this process, so that lib/ can be used here. */
  settings: Settings;
  appUrl: string;
  sandbox: Sandbox;
  startServer(file: string, extra?: Settings): Promise<ChildProcess>;
  stop(): Promise<void>;
};

type LocalOptions = {
  port: number;
  sandboxPort?: number;
  snapshotFile?: string;
  databaseUrl?: string;
  defaults?: Settings;
};

export async function startLocal({
  port,
  sandboxPort,
  snapshotFile,
  databaseUrl,
  defaults = {},
}: LocalOptions): Promise<Local> {
  const secrets = localSecrets();
  const database = databaseUrl ? { url: databaseUrl, stop: async () => undefined } : await localDatabase();
  await migrate(database.url);
  const sandbox = await startSandbox({
    port: sandboxPort,
    snapshotFile,
    controlKey: secrets.SANDBOX_CONTROL_KEY,
    serverToken: secrets.SANDBOX_TOKEN,
    accountToken: secrets.SANDBOX_ACCOUNT_TOKEN,
  });
  const appUrl = (process.env.APP_URL || `http://localhost:${port}`).replace(/\/+$/, "");
  const settings = withDefaults({
    NEXTAUTH_SECRET: secrets.NEXTAUTH_SECRET ?? "",
    CRON_SECRET: secrets.CRON_SECRET ?? "",
    ENCRYPTION_KEYS: secrets.ENCRYPTION_KEYS ?? "",
    DATABASE_URL: database.url,
    POSTMARK_API_URL: sandbox.url,
    POSTMARK_SEARCH_LAG_MS: "3000",
    APP_URL: appUrl,
    PORT: String(port),
    SIGNUP: "open",
    SMTP_ALLOW_PRIVATE: "on",
    ALERTS_ALLOW_PRIVATE: "on",
    NEXT_TELEMETRY_DISABLED: "1",
    ...defaults,
  });
  Object.assign(process.env, settings);
  let server: ChildProcess | undefined;
  return {
    settings,
    appUrl,
    sandbox,
    async startServer(file, extra = {}) {
      server = spawn(process.execPath, ["--enable-source-maps", file], {
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...process.env, ...settings, ...extra },
      });
      await untilReady(`http://127.0.0.1:${port}/api/ready`, server);
      return server;
    },
    async stop() {
      if (server) await ended(server);
      await sandbox.close();
      await database.stop();
    },
  };
}

/** Asks until the server is ready. @throws Error when it has ended, or after two minutes */
async function untilReady(url: string, server: ChildProcess): Promise<void> {
  for (const limit = Date.now() + 120_000; Date.now() < limit; ) {
    if (server.exitCode !== null || server.signalCode !== null)
      throw new Error("The server ended while it was starting: see its message above.");
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined); // not listening yet
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error(`The server did not become ready within two minutes: ${url}`);
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  const timer = setTimeout(() => server.kill("SIGKILL"), 20_000);
  await gone;
  clearTimeout(timer);
}

/** Runs `stop` once on Ctrl-C or SIGTERM, then ends this process. */
export function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false;
  const end = () => {
    if (stopping) return;
    stopping = true;
    stop().then(
      () => process.exit(0),
      (thrown) => {
        console.error(thrown);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
}
