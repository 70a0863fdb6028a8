import { beforeEach, expect, test } from "vitest";
import { systemTenant, type Tenant } from "../actor";
import { db } from "../db";
import { makeWorkspace } from "../testing/factory";
import { takeTokens } from "./store";

let tenant: Tenant;
beforeEach(async () => {
  tenant = systemTenant((await makeWorkspace(db)).id);
});
// So slow that nothing comes back while the test runs.
const bucket = { bucket: "secret", perSecond: 0.000_001, burst: 50 };
const age = (seconds: number) =>
  db.sql("update rate_buckets set updated_at = now() - make_interval(secs => $2) where workspace_id = $1", [
    tenant.workspaceId,
    seconds,
  ]);

test("however many processes take at once, no token is given twice", async () => {
  const taken = await Promise.all(
    Array.from({ length: 20 }, () => takeTokens(db, tenant, { ...bucket, need: 8, want: 8 })),
  );
  expect(taken.filter((one) => one.taken === 8)).toHaveLength(6);
  expect(taken.filter((one) => one.taken === 0)).toHaveLength(14);
});

test("a piece is taken where there is enough, and just what is needed where there is not", async () => {
  expect(await takeTokens(db, tenant, { ...bucket, need: 1, want: 30 })).toMatchObject({ taken: 30 });
  expect(await takeTokens(db, tenant, { ...bucket, need: 1, want: 30 })).toMatchObject({ taken: 20 });
  expect(await takeTokens(db, tenant, { ...bucket, need: 1, want: 30 })).toMatchObject({ taken: 0 });
});

test("it fills up with time, up to the burst", async () => {
  const slow = { ...bucket, perSecond: 2 };
  await takeTokens(db, tenant, { ...slow, need: 50, want: 50 });
  await age(10);
  expect(await takeTokens(db, tenant, { ...slow, need: 15, want: 15 })).toMatchObject({ taken: 15 });
  await age(1_000);
  const { remaining } = await takeTokens(db, tenant, { ...slow, need: 1, want: 1 });
  expect(remaining).toBe(49);
});

test("who needs more than the burst waits for a full bucket, and pays for it", async () => {
  await takeTokens(db, tenant, { ...bucket, need: 1, want: 1 });
  expect(await takeTokens(db, tenant, { ...bucket, need: 80, want: 80 })).toMatchObject({ taken: 0 });
  const quick = { ...bucket, perSecond: 10 };
  await age(60);
  expect(await takeTokens(db, tenant, { ...quick, need: 80, want: 80 })).toEqual({ taken: 80, remaining: -30 });
  expect(await takeTokens(db, tenant, { ...quick, need: 1, want: 1 })).toMatchObject({ taken: 0 });
});

test("another workspace's and another kind's tokens are their own", async () => {
  await takeTokens(db, tenant, { ...bucket, need: 50, want: 50 });
  const other = systemTenant((await makeWorkspace(db)).id);
  expect(await takeTokens(db, other, { ...bucket, need: 50, want: 50 })).toMatchObject({ taken: 50 });
  expect(await takeTokens(db, tenant, { ...bucket, bucket: "publishable", need: 50, want: 50 })).toMatchObject({
    taken: 50,
  });
});
