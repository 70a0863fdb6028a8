import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";
import { closeDatabase, db } from "../../lib/db";
import { forgetEnv } from "../../lib/env";
import type { SandboxOptions } from "../../lib/sandbox";
import {
  makeApiKey,
  makeAutomation,
  makeConnection,
  makeWorkspace,
  welcomeDefinition,
} from "../../lib/testing/factory";
import { logFileOf, Subject } from "./fleet";
import { Intake, type Person } from "./intake";
import { ledgerOf } from "./ledger";
import { startProvider } from "./provider";
import { type Chance, chanceOf, proofScale } from "./scale";

/** What waits for the provider waits seconds here, and leases are as short as they can be: see lib/dispatch/limits.ts. */
const timeoutMs = 2_000;
/** With that timeout: of a delivery (begin within 1 s, a call of 2 s, a second to save). The longest but for look-ups. */
export const leaseMs = 4_000;

export type StageOptions = {
  name: string;
  sandbox?: SandboxOptions;
  /** For all processes. */
  env?: Record<string, string>;
  /** Instead of a database of its own on the tests' server; nothing is made or dropped there. `env` may lead the processes there by another way. */
  databaseUrl?: string;
  event?: string;
  definition?: (connectionId: string) => object;
  /** Steps that send each person one mail. */
  steps?: readonly string[];
  seed?: number;
  /** How long the intake client waits for an answer. */
  answerWithinMs?: number;
};
export type Stage = Awaited<ReturnType<typeof openStage>>;

/**
 * Everything a proof needs, for one proof at a time in a process: a database of its own that lib/db of this process uses too, the
 * sandbox, a workspace with a key, a connection and a live automation, and as many servers and workers as it starts. `close` leaves
 * nothing behind.
 */
export async function openStage(options: StageOptions) {
  const { name, event = "signed_up", definition = welcomeDefinition, steps = ["welcome"] } = options;
  const seed = options.seed ?? proofScale().seed;
  const chance = chanceOf(seed);
  const programs = inject("proofPrograms");
  const program = (file: string) => path.join(programs, `${file}.mjs`);
  const leash = program("leash");
  const database = options.databaseUrl ? given(options.databaseUrl) : await cloneDatabase(name);
  const provider = await startProvider(
    { program: program("sandbox"), leash, logFile: logFileOf(name, "sandbox") },
    { indexLagMs: 200, deliverAfterMs: 3_600_000, seed, ...options.sandbox },
  );
  const env = {
    ...process.env,
    NODE_ENV: "production" as const,
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: "6",
    HOST: "127.0.0.1",
    NEXTAUTH_SECRET: "proof-nextauth-secret",
    CRON_SECRET: "proof-cron-secret-123",
    ENCRYPTION_KEYS: `proof:${Buffer.alloc(32, 7).toString("base64")}`,
    POSTMARK_API_URL: provider.url,
    POSTMARK_SEARCH_LAG_MS: "500",
    POSTMARK_TIMEOUT_MS: String(timeoutMs),
    RATE_LIMIT: "off",
    DISPATCHER: "on",
    ...options.env,
  };
  // It drives and watches everything at once, and must not wait for a connection behind itself.
  await becomeOne({ ...env, DATABASE_POOL_MAX: "40" });
  const workspace = await makePlace({ provider, definition });
  const subjects: Subject[] = [];
  const webs: { url: string; subject: Subject }[] = [];
  const addSubject = async (kind: "server" | "worker", readyWords: string, extra: Record<string, string>) => {
    const number = subjects.length + 1;
    const subject = new Subject({
      name: `${kind}-${number}`,
      program: program(kind),
      leash,
      env: { ...env, ...extra },
      logFile: logFileOf(name, `${kind}-${number}`),
      readyWords,
    });
    subjects.push(subject);
    await subject.start();
    return subject;
  };
  const intake = new Intake({
    urls: () => webs.map(({ url }) => url),
    key: workspace.key,
    chance,
    giveUpAfterMs: 120_000,
    answerWithinMs: options.answerWithinMs ?? 10_000,
  });
  return {
    ...workspace,
    seed,
    chance: chance as Chance,
    databaseUrl: database.url,
    /** As the processes have it. */
    env,
    provider,
    intake,
    subjects,
    /** Of the servers that were started. */
    urls: (): string[] => webs.map(({ url }) => url),
    /** A server: intake, and a dispatcher of its own unless `extra` says DISPATCHER: off. */
    async startWeb(extra: Record<string, string> = {}): Promise<{ url: string; subject: Subject }> {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const subject = await addSubject("server", '"message":"listening"', {
        PORT: String(port),
        APP_URL: url,
        ...extra,
      });
      webs.push({ url, subject });
      return { url, subject };
    },
    /** A dispatcher alone. `PROOF_CLOCK_AHEAD_MS` sets its clock wrong. */
    startWorker: (extra: Record<string, string> = {}) => addSubject("worker", '"message":"dispatching"', extra),
    /** One of the processes that work just now, by chance, while `spared` others work as well; waits for that if need be. */
    async anyUp({
      spared = 0,
      from = subjects,
    }: {
      spared?: number;
      from?: readonly Subject[];
    } = {}): Promise<Subject> {
      for (;;) {
        const up = from.filter((subject) => subject.up);
        if (up.length > spared) return chance.pick(up);
        await wait(20);
      }
    },
    /** Waits until nothing is queued, sending or unknown and no run is active. @throws Error that says what is left after `withinMs` */
    settled: (withinMs: number, { runs = true } = {}) => untilSettled(workspace.workspaceId, { withinMs, runs }),
    /** What was acknowledged for these people against what they were sent. */
    ledger: (people: readonly Person[]) =>
      ledgerOf(people, { workspaceId: workspace.workspaceId, event, steps, intake, provider }),
    /** What all processes complained of, most often first. */
    troubles(): [string, number][] {
      const all = new Map<string, number>();
      for (const { troubles } of subjects)
        for (const [what, times] of troubles) all.set(what, (all.get(what) ?? 0) + times);
      return [...all].sort((one, other) => other[1] - one[1]);
    },
    async close(): Promise<void> {
      await Promise.allSettled(subjects.map((subject) => subject.end()));
      await provider.close();
      await closeDatabase();
      await database.drop();
    },
  };
}

const given = (url: string) => ({ url, drop: async () => undefined });

/** A database of its own, from the migrations' template. */
async function cloneDatabase(name: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const [admin, template] = [inject("databaseAdminUrl"), inject("databaseTemplate")];
  const database = `${template}_${name}_${Math.floor(performance.now())}`;
  const onAdmin = async (sql: string) => {
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await onAdmin(`create database "${database}" template "${template}"`);
  return {
    url: Object.assign(new URL(admin), { pathname: `/${database}` }).href,
    drop: () => onAdmin(`drop database if exists "${database}" with (force)`),
  };
}

/** This process uses lib/ as the processes on stage do. */
async function becomeOne(env: Record<string, string | undefined>): Promise<void> {
  await closeDatabase();
  const { NODE_ENV: _, ...rest } = env;
  Object.assign(process.env, rest);
  forgetEnv();
}

async function makePlace({
  provider,
  definition,
}: {
  provider: Awaited<ReturnType<typeof startProvider>>;
  definition: (connectionId: string) => object;
}) {
  const { serverToken, server } = await provider.world();
  const { id: workspaceId } = await makeWorkspace(db);
  const { secret: key } = await makeApiKey(db, { workspaceId });
  const { id: connectionId } = await makeConnection(db, { workspaceId, serverToken, serverId: String(server.id) });
  const { id: automationId } = await makeAutomation(db, { workspaceId, definition: definition(connectionId) });
  return { workspaceId, key, connectionId, automationId };
}

async function untilSettled(
  workspaceId: string,
  { withinMs, runs }: { withinMs: number; runs: boolean },
): Promise<void> {
  const sql = `select (select jsonb_object_agg(status, count) from (select status, count(*) from sends
      where workspace_id = $1 and status in ('queued', 'sending', 'unknown') group by 1) s) as sends,
    (select count(*)::int from enrollments where workspace_id = $1 and status = 'active') as runs`;
  let left: unknown;
  for (const limit = performance.now() + withinMs; performance.now() < limit; await wait(200)) {
    // The database may be away, if that is what a proof is about.
    const [row] = await db.sql<{ sends: object | null; runs: number }>(sql, [workspaceId]).catch(() => []);
    if (row !== undefined && row.sends === null && (!runs || row.runs === 0)) return;
    left = row;
  }
  const some = await db.sql(
    `select s.status, s.reason, s.attempts, s.lease_token is not null as leased, extract(epoch from s.due_at - now())::float8 as due_in_s,
       (select string_agg(concat(a.outcome, ':', a.absent_seen), ' ' order by a.number) from send_attempts a
        where a.workspace_id = s.workspace_id and a.send_id = s.id) as outcomes
     from sends s where s.workspace_id = $1 and s.status in ('queued', 'sending', 'unknown') order by s.due_at limit 5`,
    [workspaceId],
  );
  throw new Error(`after ${withinMs} ms there is still ${JSON.stringify(left)}, such as ${JSON.stringify(some)}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
