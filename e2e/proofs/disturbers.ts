import pg from "pg";
import type { Chance } from "./scale";

/** Whatever the database's defaults are made to be meanwhile. */
const unhindered = "-c statement_timeout=0 -c lock_timeout=1s";

type Table = { name: string; where: string };

/** Every table whose rows the product locks. */
const tables: readonly Table[] = [
  { name: "profiles", where: "workspace_id = $1" },
  { name: "identifiers", where: "workspace_id = $1" },
  { name: "enrollments", where: "workspace_id = $1" },
  { name: "sends", where: "workspace_id = $1" },
  { name: "automations", where: "workspace_id = $1" },
  { name: "send_lanes", where: "workspace_id = $1" },
  { name: "connections", where: "workspace_id = $1" },
  { name: "workspaces", where: "id = $1" },
];

/**
 * Transactions of somebody who knows no order: each locks a few rows of every table, the tables in any order, the newest rows (which the
 * product is busy with) last or first, and lets go after a moment. @returns how often one of them was the victim of a deadlock or of a
 * serialization failure
 */
export async function lockInOddOrders(
  url: string,
  { workspaceId, chance, atOnce, rounds }: { workspaceId: string; chance: Chance; atOnce: number; rounds: number },
): Promise<number> {
  let victims = 0;
  const disturb = async () => {
    const client = new pg.Client({ connectionString: url, application_name: "proof disturber", options: unhindered });
    client.on("error", () => undefined); // told by the query
    await client.connect();
    try {
      for (let round = 0; round < rounds; round += 1) victims += await lockSome(client, workspaceId, chance);
    } finally {
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, disturb));
  return victims;
}

async function lockSome(client: pg.Client, workspaceId: string, chance: Chance): Promise<number> {
  const inOrder = tables
    .map((table) => ({ table, at: chance.next() }))
    .sort((one, other) => one.at - other.at)
    .slice(0, 4);
  try {
    await client.query("begin");
    for (const { table } of inOrder) {
      const order = chance.next() < 0.5 ? "desc" : "asc";
      const rows = chance.between(1, 40);
      await client.query(
        `select from ${table.name} t where t.ctid = any (array(
           select ctid from ${table.name} where ${table.where} order by ctid desc limit $2)) order by t.ctid ${order} for update`,
        [workspaceId, rows],
      );
      await client.query("select pg_sleep($1)", [chance.between(5, 60) / 1_000]);
    }
    await client.query("commit");
    return 0;
  } catch (thrown) {
    await client.query("rollback");
    const { code } = thrown as { code?: string };
    if (code === "55P03") return 0;
    if (code === "40P01" || code === "40001") return 1;
    throw thrown;
  }
}
