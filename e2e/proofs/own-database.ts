import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { ensureDatabase, stopDatabase } from "../../scripts/embedded-postgres";
import { migrate } from "../../scripts/migrate";

const dir = ".data/proof-postgres";

export type OwnDatabase = Awaited<ReturnType<typeof ownDatabase>>;

/**
 * A PostgreSQL server that a proof may treat as it likes, with a migrated database. What it has committed is on disk, unlike with the
 * tests' server.
 */
export async function ownDatabase() {
  const database = `proof_${Date.now()}`;
  const url = await ensureDatabase({ dir, database });
  await migrate(url);
  /** Past every proxy. Not while the server is down. */
  const ask = async <T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: "proof",
      options: "-c statement_timeout=0",
    });
    client.on("error", () => undefined); // told by the query
    await client.connect();
    try {
      return (await client.query<T>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  return {
    url,
    port: Number(new URL(url).port),
    ask,
    /** Stops the server and starts it again after `downMs`. */
    async restart({ mode, downMs }: { mode: "fast" | "immediate"; downMs: number }): Promise<void> {
      await stopDatabase({ dir, mode });
      await wait(downMs);
      await ensureDatabase({ dir, database });
    },
    /** Ends about this share of the processes' connections, from the server's side. @returns how many */
    async terminate(share: number): Promise<number> {
      const [row] = await ask<{ ended: number }>(
        `select count(*) filter (where pg_terminate_backend(pid))::int as ended from pg_stat_activity
         where datname = current_database() and application_name like 'gflux%' and random() < $1`,
        [share],
      );
      return row?.ended ?? 0;
    },
    /** For connections opened from now on; null takes it back. */
    setDefault: (name: string, value: string | null) =>
      ask(`alter database "${database}" ${value === null ? `reset ${name}` : `set ${name} = '${value}'`}`),
    async close(): Promise<void> {
      await stopDatabase({ dir });
    },
  };
}
