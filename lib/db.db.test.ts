import { afterEach, expect, test } from "vitest";
import { sleep } from "./clock";
import { closeDatabase, databaseUnavailable, db, transaction } from "./db";
import { forgetEnv } from "./env";
import { makeWorkspace } from "./testing/factory";

/** Connections opened from now on. */
async function giveUpAfter(silenceMs: number | null): Promise<void> {
  if (silenceMs === null) delete process.env.DATABASE_TIMEOUT_MS;
  else process.env.DATABASE_TIMEOUT_MS = String(silenceMs);
  forgetEnv();
  await closeDatabase();
}
afterEach(() => giveUpAfter(null));

test("a transaction that took too long writes nothing any more: neither by itself nor into somebody else's", async () => {
  const { id } = await makeWorkspace(db, { name: "before" });
  const late = transaction(
    async (tx) => {
      await tx.sql("select 1");
      await sleep(400);
      await tx.sql("update workspaces set name = 'late' where id = $1", [id]);
    },
    { timeoutMs: 100 },
  );
  await expect(late).rejects.toThrow();
  expect((await db.prisma.workspace.findUniqueOrThrow({ where: { id } })).name).toBe("before");
});

test("a database that falls silent is not waited for for ever, and is asked again on another connection", async () => {
  await giveUpAfter(1_000);
  const thrown = await db.sql("select pg_sleep(20)").catch((error: unknown) => error);
  expect(databaseUnavailable(thrown)).toBe(true);
  expect(await db.sql("select 1 as one")).toEqual([{ one: 1 }]);
});

test("a transaction whose process is frozen lets go of its locks, and writes nothing when the process goes on", async () => {
  await giveUpAfter(1_000);
  const { id } = await makeWorkspace(db, { name: "before" });
  const frozen = transaction(async (tx) => {
    await tx.sql("update workspaces set name = 'frozen' where id = $1", [id]);
    await sleep(2_500);
    await tx.sql("select 1");
  });
  await sleep(300);
  await Promise.all([
    expect(frozen).rejects.toThrow(),
    db.sql("set lock_timeout = '5s'; update workspaces set name = name || ' and after'"),
  ]);
  expect((await db.prisma.workspace.findUniqueOrThrow({ where: { id } })).name).toBe("before and after");
});
