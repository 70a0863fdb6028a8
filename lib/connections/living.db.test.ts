import { describe, expect, test } from "vitest";
import { type Actor, rolePermissions } from "../actor";
import { db } from "../db";
import { makeConnection, makeSend } from "../testing/factory";
import { listAudit } from "../workspaces";
import {
  callFacts,
  changeConnection,
  connectionHealth,
  countHours,
  createConnection,
  deleteConnection,
  disableConnection,
  enableConnection,
  forgetOldHours,
  getConnection,
  listConnections,
  recordCall,
  rotateWebhookSecret,
  validateConnection,
} from "./index";
import { changeConnectionInput } from "./schema";
import { codeOf, form, ground, tenantOf } from "./testing/ground";

const at = ground();
const create = (name: string) => createConnection(at.actor, form(at.world.serverToken, { display_name: name }));
const defaults = async (actor: Actor) =>
  (await listConnections(actor, { limit: 50 })).data.flatMap((one) => (one.is_default ? one.display_name : []));

describe("the default connection", () => {
  test("is the first one, then the one that somebody chooses, and never more than one", async () => {
    await create("First");
    const [second, third] = [await create("Second"), await create("Third")];
    expect([second.is_default, await defaults(at.actor)]).toEqual([false, ["First"]]);
    await Promise.all([second, third].map(({ id }) => changeConnection(at.actor, { id, is_default: true })));
    expect(await defaults(at.actor)).toHaveLength(1);
    await changeConnection(at.actor, { id: second.id, is_default: true });
    expect(await defaults(at.actor)).toEqual(["Second"]);
  });

  test("when it is deleted, the oldest that is not disabled takes its place, and the log says so", async () => {
    const first = await create("First");
    const [second] = [await create("Second"), await create("Third")];
    await disableConnection(at.actor, { id: second.id });
    await deleteConnection(at.actor, { id: first.id });
    expect(await defaults(at.actor)).toEqual(["Third"]);
    const [entry] = (await listAudit(at.actor, { limit: 1, cursor: undefined })).data;
    expect(entry).toMatchObject({ action: "connection.deleted", data: { default_now: "Third" } });
  });

  test("cannot be unset, and is another workspace's own", async () => {
    const { id } = await create("Mine");
    const theirs = await makeConnection(db, { workspaceId: at.stranger.workspaceId });
    expect(changeConnectionInput.safeParse({ id, is_default: false }).error?.issues[0]?.message).toMatch(/another one/);
    expect(await codeOf(changeConnection(at.actor, { id: theirs.id, is_default: true }))).toBe("not_found");
    expect(await defaults(at.stranger)).toEqual([]);
    expect(await defaults(at.actor)).toEqual(["Mine"]);
  });
});

describe("limits", () => {
  test.each([
    [{ sends_per_second_max: 0 }, /from 1 to 1000/],
    [{ sends_per_second_max: 1.5 }, /whole number/],
    [{ calls_at_once_max: 9 }, /from 1 to 8/],
    [{ warm_up: { start_per_day: 200, growth: 1, until: 20_000 } }, /must grow/],
    [{ warm_up: { start_per_day: 200, growth: 1.5, until: 200 } }, /end at more/],
  ])("%j is refused with what to enter", (change, sentence) => {
    const { error } = changeConnectionInput.safeParse({ id: "x", ...change });
    expect(error?.issues.map(({ message }) => message).join(" ")).toMatch(sentence);
  });

  test("are kept one by one, taken away with null, and said in the audit log", async () => {
    const { id } = await create("Production");
    const plan = { start_per_day: 200, growth: 1.5, until: 20_000 };
    await changeConnection(at.actor, { id, sends_per_second_max: 20, warm_up: plan });
    await changeConnection(at.actor, { id, calls_at_once_max: 2 });
    expect(await getConnection(at.actor, { id })).toMatchObject({
      sends_per_second_max: 20,
      calls_at_once_max: 2,
      warm_up: { ...plan, ceiling_today: 200, used_today: 0 },
    });
    await changeConnection(at.actor, { id, sends_per_second_max: null, warm_up: null });
    expect(await getConnection(at.actor, { id })).toMatchObject({
      sends_per_second_max: null,
      calls_at_once_max: 2,
      warm_up: null,
    });
    const { data } = await listAudit(at.actor, { limit: 2, cursor: undefined });
    expect(data.map((entry) => entry.data)).toEqual([
      expect.objectContaining({ sends_per_second_max: "none", warm_up: "none" }),
      expect.objectContaining({ calls_at_once_max: 2, fields: "calls_at_once_max" }),
    ]);
  });

  test("the ceiling grows by the day and ends; no plan, however old, is too much for a number", async () => {
    const [row] = await db.sql<Record<string, number | null>>(
      `select warm_up_ceiling(plan, d, d) as first, warm_up_ceiling(plan, d, d + 1) as second, warm_up_ceiling(plan, d, d + 11) as last,
         warm_up_ceiling(plan, d, d + 12) as over, warm_up_ceiling(plan, d, d + 100000) as never, warm_up_ceiling(plan, d, d - 5) as before
       from (select '{"start_per_day":200,"growth":1.5,"until":20000}'::jsonb as plan, date '2026-11-22' as d) t`,
    );
    expect(row).toEqual({ first: 200, second: 300, last: 17_299, over: null, never: null, before: 200 });
  });
});

test("every change of a connection is in the audit log with who made it", async () => {
  const who: Actor = { ...at.actor, kind: "operator", id: "cli" };
  const { id } = await createConnection(who, form(at.world.serverToken));
  await changeConnection(who, { id, display_name: "Other", is_default: true, warm_up: null });
  await validateConnection(who, { id });
  await disableConnection(who, { id });
  await enableConnection(who, { id });
  await rotateWebhookSecret(who, { id });
  await deleteConnection(who, { id });
  const { data } = await listAudit(at.actor, { limit: 20, cursor: undefined });
  expect(data.map(({ action, actor }) => `${action} ${actor}`).reverse()).toEqual(
    ["created", "changed", "validated", "disabled", "enabled", "webhook_secret_rotated", "deleted"].map(
      (verb) => `connection.${verb} Command line`,
    ),
  );
});

describe("health", () => {
  test("says what was taken, refused and reported, of this connection alone", async () => {
    const { id, workspaceId } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    const other = await makeConnection(db, { workspaceId });
    const tenant = tenantOf(at.actor);
    const accepted = { kind: "accepted", messageId: "m", note: null } as const;
    const inactive = { kind: "inactive", code: 406, message: "Inactive." } as const;
    const facts = callFacts({ kind: "answered", outcomes: [accepted, inactive] }, 2);
    await recordCall(db, tenant, { connectionId: id, ms: 80, ...facts });
    await recordCall(db, tenant, { connectionId: other.id, ms: 80, ...facts });
    await countHours(db, tenant, id, [{ at: new Date(), sent: 1, delivered: 1 }]);
    await countHours(db, tenant, id, [
      { at: new Date(), bounced: 1 },
      { at: new Date(Date.now() - 3 * 86_400_000), complained: 1 },
    ]);
    const day = await connectionHealth(at.actor, { id, window: "24h" });
    expect(day.acceptance_rate).toBe(0.5);
    expect(day.totals).toMatchObject({
      sent: 1,
      delivered: 1,
      bounced: 1,
      complained: 0,
      calls: 1,
      latency_ms_avg: 80,
    });
    expect(day.errors).toEqual([{ outcome: "inactive", code: 406, calls: 0, messages: 1 }]);
    expect(day.buckets).toHaveLength(24);
    const month = await connectionHealth(at.actor, { id, window: "30d" });
    expect([month.totals.complained, month.buckets.length, month.buckets.at(-1)?.sent]).toEqual([1, 30, 1]);
    expect(await codeOf(connectionHealth(at.stranger, { id, window: "24h" }))).toBe("not_found");
    const viewer: Actor = { ...at.actor, role: "viewer", permissions: rolePermissions.viewer };
    expect(await codeOf(connectionHealth(viewer, { id, window: "24h" }))).toBe("no error");
  });

  test("hours of more than 32 days ago are forgotten, a bounded number at a time", async () => {
    const { id } = await makeConnection(db, { workspaceId: at.actor.workspaceId });
    const ago = (days: number) => ({ at: new Date(Date.now() - days * 86_400_000), sent: 1 });
    await countHours(db, tenantOf(at.actor), id, [1, 31, 33, 40, 50].map(ago));
    expect([await forgetOldHours(db, 2), await forgetOldHours(db, 2), await forgetOldHours(db, 2)]).toEqual([2, 1, 0]);
  });

  test("a deleted connection is in nobody's way: what it sent stays readable", async () => {
    const { id } = await create("Gone");
    await makeSend(db, { workspaceId: at.actor.workspaceId, connectionId: id, status: "sent" });
    await changeConnection(at.actor, { id, sends_per_second_max: 3 });
    expect(await codeOf(deleteConnection(at.actor, { id }))).toBe("no error");
    expect(await defaults(at.actor)).toEqual([]);
  });
});
