import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import { Socket } from "node:net";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { type Prisma, PrismaClient } from "../prisma/generated/client";
import { env } from "./env";

/**
 * Either the database or one transaction on it; stores are handed one, so the caller decides the transaction.
 * `prisma` for ordinary rows, `sql` for the set-based hot statements: both run on the same connection inside a transaction.
 */
export type Db = {
  readonly prisma: Prisma.TransactionClient;
  sql<T extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<T[]>;
};

/** Notes which connection it handed to Prisma's $transaction, so that `sql` can run on it beside Prisma's own queries. */
class NotingPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: pg declares connect() with two overloads that an override cannot restate.
  override connect(callback?: any): any {
    const slot = opening.getStore();
    if (callback || !slot) return super.connect(callback);
    return super.connect().then((client) => {
      slot.client ??= client;
      return client;
    });
  }
}

type Handles = { pool: pg.Pool; prisma: PrismaClient };
type Contexts = { opening: AsyncLocalStorage<{ client?: pg.PoolClient }>; current: AsyncLocalStorage<Db> };
// One pool in a process, however many bundles of this file it loads (Next's route handlers have a copy of their own), and one
// notion of the transaction one is in: a pool that was made by one copy notes its connections for all of them.
const shared = globalThis as { gfluxDatabase?: Handles; gfluxContexts?: Contexts };
shared.gfluxContexts ??= { opening: new AsyncLocalStorage(), current: new AsyncLocalStorage() };
const { opening, current } = shared.gfluxContexts;

function handles(): Handles {
  if (shared.gfluxDatabase) return shared.gfluxDatabase;
  const pool = new NotingPool({
    connectionString: env().databaseUrl,
    max: env().databasePoolMax,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 5_000,
    application_name: "gflux",
    stream: () => socketThatGivesUp(env().databaseTimeoutMs),
    // The server's side of the same: a transaction of a process that is frozen, or cut off unheard, holds its locks no longer. A pooler
    // in transaction mode does not take such a setting.
    ...(env().databasePooled ? {} : { idle_in_transaction_session_timeout: env().databaseTimeoutMs }),
  });
  pool.on("error", () => undefined); // an idle connection that the server closed: the pool has dropped it already
  shared.gfluxDatabase = { pool, prisma: new PrismaClient({ adapter: new PrismaPg(pool) }) };
  return shared.gfluxDatabase;
}

/**
 * A connection on which nothing is heard for that long is given up, and what was asked on it fails: behind a firewall that forgot it, or
 * a host that vanished, it would be waited for for ever. Not a timeout of pg's: after that the connection would be used again, in the
 * middle of a transaction perhaps.
 */
function socketThatGivesUp(silenceMsMax: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMsMax, () => socket.destroy());
}

/** Unnamed statements: names gain nothing measurable here, and a transaction-mode pooler cannot carry them. */
const over = (prisma: () => Prisma.TransactionClient, connection: () => pg.Pool | pg.PoolClient): Db => ({
  get prisma() {
    return prisma();
  },
  async sql<T extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const { rows } = await connection().query<T>(text, [...values]);
    return rows;
  },
});

const outside = over(
  () => handles().prisma,
  () => handles().pool,
);

/** The database, or the transaction that the caller is inside of. */
export const db: Db = {
  get prisma() {
    return (current.getStore() ?? outside).prisma;
  },
  sql: (text, values) => (current.getStore() ?? outside).sql(text, values),
};

const openWithinMs = 5_000;

/**
 * Runs `work` in one transaction of at most `timeoutMs`; inside another transaction it joins that one.
 * What `work` does with `db` runs in it as well, so use cases compose. Never keep one open while calling someone outside.
 */
export function transaction<T>(work: (tx: Db) => Promise<T>, { timeoutMs = 10_000 } = {}): Promise<T> {
  const joined = current.getStore();
  if (joined) return work(joined);
  const slot: { client?: pg.PoolClient } = {};
  const calledAtMs = performance.now();
  return opening.run(slot, () =>
    handles().prisma.$transaction(
      (prisma) =>
        opening.exit(() => {
          const { client } = slot;
          if (!client) throw new Error("Prisma opened a transaction without our pool");
          const endMs = Math.min(performance.now() + timeoutMs, calledAtMs + openWithinMs + timeoutMs);
          const tx = over(
            () => prisma,
            () => {
              if (performance.now() > endMs) throw new TransactionOver(timeoutMs);
              return client;
            },
          );
          return current.run(tx, () => work(tx));
        }),
      // Prisma rolls back and gives the connection to others while `work` goes on. So ours has to end first, also in a process that
      // was stopped for a while: else what comes late would be written by itself, or into somebody else's transaction.
      { timeout: openWithinMs + timeoutMs + 1_000, maxWait: openWithinMs },
    ),
  );
}

/** Thrown at the next statement of a transaction that took too long; with it everything is rolled back. */
class TransactionOver extends Error {
  readonly code = "P2028"; // as Prisma calls it
  constructor(timeoutMs: number) {
    super(`a transaction took longer than ${timeoutMs} ms`);
  }
}

/** Leaves the surrounding transaction: for what must be kept whatever becomes of it. */
export const outsideTransaction = <T>(work: () => Promise<T>): Promise<T> => current.exit(work);

const transient = new Set(["40001", "40P01"]);
/** The SQLSTATE of an error of pg or of Prisma, if it has one. */
export function sqlState(thrown: unknown): string | undefined {
  const { code, cause, meta } = (thrown ?? {}) as { code?: unknown; cause?: unknown; meta?: { code?: unknown } };
  if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !/^P\d{4}$/.test(code)) return code;
  if (typeof meta?.code === "string") return meta.code;
  return code === "P2034" ? "40001" : cause ? sqlState(cause) : undefined;
}

// Of pg's and Node's connections, and of Prisma: not reachable, gone, no connection free in time, no transaction opened in time.
const gone = new Set(["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EPIPE", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);
const goneInPrisma = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"]);
const goneInWords =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Whether the database could not be asked at all, or not in time: worth another try later, and nothing that was asked is at fault. */
export function databaseUnavailable(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code, cause } = thrown as { code?: unknown; cause?: unknown };
  const named = typeof code === "string" && (gone.has(code) || goneInPrisma.has(code));
  // 08 connection, 53 out of resources, 55P03 a lock not granted in time, 57P0x shut down; 25006 a standby that is about to take over,
  // 25P03 and 25P04 a transaction that was ended for its length.
  return (
    named ||
    goneInWords.test(thrown.message) ||
    /^(08|53|55P03|57P0|25006|25P0[34])/.test(sqlState(thrown) ?? "") ||
    databaseUnavailable(cause)
  );
}

/** Whether the same request may well succeed in a moment: beside the above a deadlock, a serialization failure, a statement that was cancelled. */
export const worthRepeating = (thrown: unknown): boolean =>
  databaseUnavailable(thrown) || transient.has(sqlState(thrown) ?? "") || sqlState(thrown) === "57014";

/** Repeats `work`, which must be one whole transaction, after a deadlock or a serialization failure. */
export async function retryTransient<T>(work: () => Promise<T>, { triesMax = 10 } = {}): Promise<T> {
  // Inside another transaction the failure has ended that one, so repeating is for whoever opened it.
  if (current.getStore()) return work();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      if (attempt >= triesMax || !transient.has(sqlState(thrown) ?? "")) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** Math.min(attempt, 8)));
    }
  }
}

/** Ends all connections: for processes that stop, and tests. */
export async function closeDatabase(): Promise<void> {
  const open = shared.gfluxDatabase;
  delete shared.gfluxDatabase;
  await open?.prisma.$disconnect();
  await open?.pool.end();
}

/** The pool's state, for /api/metrics. */
export const poolState = () => ({
  total: handles().pool.totalCount,
  idle: handles().pool.idleCount,
  waiting: handles().pool.waitingCount,
});
