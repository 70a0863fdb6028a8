/**
 * What suppressions cost: the first import and a later full comparison of a list of 100,000 addresses, read over HTTP from a sandbox in
 * a process of its own, with the memory that the reading process needs; and asking about 500 addresses with a short and a long list,
 * beside the least that the same database can be asked in the same run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { systemTenant } from "@/lib/actor";
import { closeDatabase, db } from "@/lib/db";
import { newId } from "@/lib/ids";
import { startSandbox } from "@/lib/sandbox";
import { suppressedAmong, suppressionListState, tendSuppressionLists } from "@/lib/suppressions";
import { makeConnection, makeWorkspace } from "@/lib/testing/factory";

const listLength = Number(process.env.BENCH_LIST || 100_000);
const longLength = Number(process.env.BENCH_ROWS || 1_000_000);

/** The other side: a sandbox whose stream holds back very many addresses. */
async function serve(): Promise<void> {
  const sandbox = await startSandbox();
  const world = sandbox.world();
  for (let at = 0; at < listLength; at += 1)
    world.addSuppression({
      stream: "broadcast",
      email: `person-${at}@example.com`,
      reason: "HardBounce",
      origin: "Recipient",
    });
  console.log(JSON.stringify({ url: world.apiUrl, token: world.serverToken, serverId: String(world.server.id) }));
  // Also when the measuring process dies: then this pipe ends.
  process.stdin.resume().on("end", () => void sandbox.close().then(() => process.exit(0)));
}

async function measure(): Promise<void> {
  await measureLists();
  await measureAsking();
  await closeDatabase();
}

async function measureLists(): Promise<void> {
  const other = spawn(process.execPath, [...process.execArgv, import.meta.filename, "serve"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(other.stdout, "data")) as [Buffer]; // no encoding is set
  // What `serve` writes.
  const { url, token, serverId } = JSON.parse(line.toString("utf8")) as {
    url: string;
    token: string;
    serverId: string;
  };
  process.env.POSTMARK_API_URL = url;
  const { id: workspaceId } = await makeWorkspace(db);
  const connection = await makeConnection(db, { workspaceId, serverToken: token, serverId, listsStale: true });
  const read = () => tendSuppressionLists({ budgetMs: 600_000 });
  await db.sql("analyze suppressions");
  console.log(`list of ${count(listLength)} addresses`);
  tell("first import", await watched(read));
  await db.sql("update suppression_lists set due_at = now()");
  await db.sql("analyze suppressions");
  tell("full comparison, nothing amiss", await watched(read));
  const state = (await suppressionListState(db, systemTenant(workspaceId), connection.id)).find(
    ({ stream }) => stream === "broadcast",
  );
  console.log(
    `  here ${state?.here}, there ${state?.there}, missing ${state?.missing_here} and ${state?.missing_there}`,
  );
  const ended = once(other, "exit");
  other.stdin.end();
  await ended;
}

/** The time that work takes, and by how much the process grew at its largest. */
async function watched(work: () => Promise<unknown>) {
  global.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  const startedAtMs = performance.now();
  await work();
  clearInterval(timer);
  return { seconds: (performance.now() - startedAtMs) / 1000, grewMb: (peak - before) / 1e6, peakMb: peak / 1e6 };
}

const tell = (what: string, { seconds, grewMb, peakMb }: Awaited<ReturnType<typeof watched>>) =>
  console.log(
    `  ${what}: ${seconds.toFixed(1)} s, ${grewMb.toFixed(0)} MB more than before, ${peakMb.toFixed(0)} MB at most`,
  );

async function measureAsking(): Promise<void> {
  const [short, long] = [await fill(1_000), await fill(longLength)];
  await db.sql("vacuum analyze suppressions");
  console.log("asked about 500 addresses, half of them suppressed");
  const [one, many] = [await asked(short, 1_000), await asked(long, longLength)];
  console.log(
    `  ${count(1_000)} suppressions: median ${ms(one.among)}; 500 keys probed ${ms(one.bare)}; select 1 ${ms(one.least)}`,
  );
  console.log(
    `  ${count(longLength)} suppressions: median ${ms(many.among)}; 500 keys probed ${ms(many.bare)}; select 1 ${ms(many.least)}`,
  );
  const ratio = (of: "among" | "bare") => (many[of] / one[of]).toFixed(2);
  console.log(`  ratio of the medians ${ratio("among")}; of the probes ${ratio("bare")}`);
}

async function fill(rows: number): Promise<string> {
  const { id } = await makeWorkspace(db);
  await db.sql(
    `insert into suppressions (workspace_id, email, scope, connection_id, stream, reason, origin, changed_at)
     select $1, 'person-' || i || '@example.com', 'workspace', '00000000-0000-0000-0000-000000000000', '*', 'manual', 'customer', now()
     from generate_series(1, $2::int) i`,
    [id, rows],
  );
  return id;
}

/** Medians of many rounds, the three kinds in turn, so that all see the same load. */
async function asked(workspaceId: string, rows: number) {
  const tenant = systemTenant(workspaceId);
  const connectionId = newId();
  const times: Record<"among" | "bare" | "least", number[]> = { among: [], bare: [], least: [] };
  for (let round = 0; round < 240; round += 1) {
    const emails = Array.from({ length: 500 }, (_, at) => {
      const person = 1 + Math.floor(Math.random() * rows);
      return at % 2 === 0 ? `person-${person}@example.com` : `nobody-${person}-${at}@example.com`;
    });
    const ask = () => suppressedAmong(db, tenant, { emails, connectionId, stream: "broadcast" });
    // The least that finding them by their key can cost: as many pages of a large index as of a small one, but other ones.
    const probe = () =>
      db.sql(
        `select count(*) from unnest($2::text[]) a(email)
         cross join lateral (select from suppressions s where s.workspace_id = $1 and s.email = a.email limit 1) one`,
        [workspaceId, emails],
      );
    // In turns, for whoever comes second finds the pages in the processor's cache.
    if (round % 2 === 0) times.among.push(await timed(ask));
    else times.bare.push(await timed(probe));
    times.least.push(await timed(() => db.sql("select 1")));
  }
  return { among: median(times.among), bare: median(times.bare), least: median(times.least) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

// The first rounds warm up.
const median = (all: readonly number[]): number => {
  const sorted = all.slice(20).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};
const ms = (value: number) => `${value.toFixed(2)} ms`;
const count = (n: number) => n.toLocaleString("en-US");

if (process.argv[2] === "serve") await serve();
else await measure();
