import { expect, test } from "vitest";
import { sleep } from "./clock";
import { db, transaction } from "./db";
import { makeWorkspace } from "./testing/factory";

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
