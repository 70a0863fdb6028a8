import { afterEach, expect, test } from "vitest";
import { db, transaction } from "../db";
import { advanceWorkspace } from "./advance";
import { runsPerClaim } from "./limits";
import { makeWorld, people, quiesce } from "./testing/world";

afterEach(quiesce);

/** Rows that this transaction has read so far. */
async function rowsRead(): Promise<number> {
  const [row] = await db.sql<{ rows: number }>(
    `select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as rows from pg_stat_xact_user_tables
     where relname in ('profiles', 'enrollments', 'sends')`,
  );
  return row?.rows ?? 0;
}

test("to advance runs of a workspace that is younger than the last ANALYZE, it is not read again for each of them", {
  retry: 0,
}, async () => {
  const [known, young, peopleCount] = [await makeWorld(), await makeWorld(), 3_000];
  await known.enroll(people(300));
  await db.sql("analyze profiles, enrollments, sends");
  await young.enroll(people(peopleCount));
  const read = await transaction(async () => {
    expect(await advanceWorkspace(young.workspaceId, { chance: () => 0.5 })).toMatchObject({ claimed: runsPerClaim });
    return rowsRead();
  });
  expect(read).toBeGreaterThan(runsPerClaim);
  // A dozen statements look at one or two rows for each run, and one or two may read a workspace as small as this one.
  expect(read).toBeLessThan(20 * runsPerClaim + 3 * peopleCount);
});
