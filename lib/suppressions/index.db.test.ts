import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, permissions, rolePermissions, systemTenant } from "../actor";
import { type Db, db } from "../db";
import { makeConnection, makeSuppressions, makeWorkspace, nextId } from "../testing/factory";
import { applySuppressions, createSuppression, deleteSuppression, listSuppressions, suppressedAmong } from "./index";
import { createSuppressionInput, listSuppressionsInput, type SuppressionChange } from "./schema";

const actorIn = (workspaceId: string): Actor => ({
  kind: "operator",
  id: "cli",
  workspaceId,
  permissions: new Set(permissions),
});
const viewerIn = (workspaceId: string): Actor => ({
  kind: "user",
  id: nextId(),
  workspaceId,
  role: "viewer",
  permissions: rolePermissions.viewer,
});
const list = (actor: Actor, input: Record<string, unknown> = {}) =>
  listSuppressions(actor, listSuppressionsInput.parse(input));
const create = (actor: Actor, input: Record<string, unknown>) =>
  createSuppression(actor, createSuppressionInput.parse(input));

let here: string;
let elsewhere: string;
let connectionId: string;
beforeAll(async () => {
  [here, elsewhere] = [(await makeWorkspace(db)).id, (await makeWorkspace(db)).id];
  connectionId = (await makeConnection(db, { workspaceId: here })).id;
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 12, minute));
const change = (over: Partial<SuppressionChange>): SuppressionChange => ({
  email: "ana@example.com",
  scope: "workspace",
  connectionId,
  stream: "broadcast",
  active: true,
  reason: "hard_bounce",
  origin: "recipient",
  changedAt: at(0),
  ...over,
});
const held = async (email: string, stream = "broadcast", connection = connectionId, workspaceId = here) =>
  (await suppressedAmong(db, systemTenant(workspaceId), { emails: [email], connectionId: connection, stream })).get(
    email,
  )?.reason ?? null;

describe("news of the suppression list", () => {
  test("a bounce holds everywhere in the workspace, an unsubscribe only for its connection and stream, and neither elsewhere", async () => {
    const other = (await makeConnection(db, { workspaceId: here })).id;
    await applySuppressions(db, systemTenant(here), [
      change({ email: "Bounced@example.com" }),
      change({ email: "left@example.com", scope: "stream", reason: "unsubscribe" }),
    ]);
    expect(await held("bounced@example.com", "outbound", other)).toBe("hard_bounce");
    expect(await held("left@example.com")).toBe("unsubscribe");
    expect(await held("left@example.com", "outbound")).toBeNull();
    expect(await held("left@example.com", "broadcast", other)).toBeNull();
    expect(await held("bounced@example.com", "broadcast", connectionId, elsewhere)).toBeNull();
  });

  test("older news cannot bring back what was lifted, also when it comes for the first time after the lifting", async () => {
    const email = "late@example.com";
    const tenant = systemTenant(here);
    await applySuppressions(db, tenant, [
      change({ email, active: false, reason: null, scope: "stream", changedAt: at(5) }),
    ]);
    expect(await applySuppressions(db, tenant, [change({ email, changedAt: at(1) })])).toEqual([]);
    expect(await held(email)).toBeNull();
    expect(await applySuppressions(db, tenant, [change({ email, changedAt: at(6) })])).toEqual([
      { email, reason: "hard_bounce" },
    ]);
    expect(await held(email)).toBe("hard_bounce");
  });

  test("a list's own reactivation leaves alone what this workspace suppressed by hand", async () => {
    const email = "byhand@example.com";
    await create(actorIn(here), { email });
    const tenant = systemTenant(here);
    await applySuppressions(db, tenant, [change({ email, reason: "manual", changedAt: at(1) })]);
    await applySuppressions(db, tenant, [
      change({ email, active: false, reason: null, scope: "stream", changedAt: new Date(Date.now() + 60_000) }),
    ]);
    expect(await held(email)).toBe("manual");
  });

  test("changes end the same in any order, in any pieces and any number of times", async () => {
    const some = fc.record({
      scope: fc.constantFrom("workspace" as const, "stream" as const),
      active: fc.boolean(),
      reason: fc.constantFrom("hard_bounce" as const, "unsubscribe" as const, "manual" as const, null),
      origin: fc.constantFrom("recipient" as const, "customer" as const),
      changedAt: fc.integer({ min: 0, max: 4 }).map(at),
    });
    const rowsOf = (email: string) =>
      db.prisma.suppression.findMany({
        where: { workspaceId: here, email },
        select: {
          scope: true,
          connectionId: true,
          stream: true,
          reason: true,
          active: true,
          changedAt: true,
          origin: true,
        },
        orderBy: [{ scope: "asc" }, { connectionId: "asc" }, { stream: "asc" }, { reason: "asc" }],
      });
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 5 }), async (changes) => {
        const [one, other] = [`${nextId()}@example.com`, `${nextId()}@example.com`];
        await applySuppressions(
          db,
          systemTenant(here),
          changes.map((item) => change({ ...item, email: one })),
        );
        for (const item of [...changes].reverse().concat(changes))
          await applySuppressions(db, systemTenant(here), [change({ ...item, email: other })]);
        expect(await rowsOf(other)).toEqual(await rowsOf(one));
      }),
      { numRuns: 25 },
    );
  });

  test("is asked about many addresses by one probe of the key for each, however long the list is", async () => {
    const workspaceId = (await makeWorkspace(db)).id;
    await db.sql(
      `insert into suppressions (workspace_id, email, scope, connection_id, stream, reason, origin, changed_at)
       select $1, 'p' || i || '@example.com', 'workspace', '00000000-0000-0000-0000-000000000000', '*', 'manual', 'customer', now()
       from generate_series(1, 3000) i`,
      [workspaceId],
    );
    await db.sql("analyze suppressions");
    const plans: unknown[] = [];
    // The very statement of the store, explained instead of run.
    const explaining: Db = {
      prisma: db.prisma,
      sql: async (text, values) => {
        plans.push(await db.sql(`explain (format json) ${text}`, values));
        return [];
      },
    };
    const emails = Array.from({ length: 500 }, (_, index) => `p${index * 2}@example.com`);
    await suppressedAmong(explaining, systemTenant(workspaceId), { emails, connectionId, stream: "broadcast" });
    const plan = JSON.stringify(plans);
    expect(plan).toContain("suppressions_pkey");
    expect(plan).not.toContain("Seq Scan");
  });
});

describe("the list that people see", () => {
  test("goes page by page, newest first, with what was made at the same moment", async () => {
    const workspaceId = (await makeWorkspace(db)).id;
    const actor = actorIn(workspaceId);
    const createdAt = new Date("2026-11-01T00:00:00.000Z");
    await makeSuppressions(
      db,
      { workspaceId },
      ["a", "b", "c", "d", "e"].map((name) => ({ email: `${name}@example.com`, createdAt })),
    );
    await makeSuppressions(db, { workspaceId }, [
      { email: "newest@example.com" },
      { email: "off@example.com", active: false },
    ]);
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await list(actor, { limit: "2", ...(cursor && { cursor }) });
      seen.push(...page.data.map(({ email }) => email));
      cursor = page.next_cursor;
    } while (cursor);
    expect(seen).toEqual(["newest", "e", "d", "c", "b", "a"].map((name) => `${name}@example.com`));
  });

  test("is searched by the whole address, by its beginning and by reason", async () => {
    const workspaceId = (await makeWorkspace(db)).id;
    const actor = actorIn(workspaceId);
    await makeSuppressions(db, { workspaceId }, [
      { email: "ana@example.com", reason: "hard_bounce" },
      { email: "ana_b@example.com" },
      { email: "anna@example.com" },
    ]);
    const emails = async (input: Record<string, unknown>) => (await list(actor, input)).data.map(({ email }) => email);
    expect(await emails({ email: "ANA@example.com" })).toEqual(["ana@example.com"]);
    expect((await emails({ q: "an" })).length).toBe(3);
    expect(await emails({ q: "ana_" })).toEqual(["ana_b@example.com"]);
    expect(await emails({ reason: "hard_bounce" })).toEqual(["ana@example.com"]);
    expect(await emails({ q: "ana", reason: "manual" })).toEqual(["ana_b@example.com"]);
    expect((await list(actorIn(elsewhere), { email: "ana@example.com" })).data).toEqual([]);
    await expect(list(actor, { cursor: "nonsense" })).rejects.toMatchObject({ code: "validation_error" });
    await expect(list(actor, { cursor: Buffer.from("[1]").toString("base64url") })).rejects.toMatchObject({
      code: "validation_error",
    });
  });
});

describe("suppressing by hand", () => {
  test("holds for the workspace, can be repeated, is lifted again, and is written down", async () => {
    const actor = actorIn(here);
    const made = await create(actor, { email: " Hand@Example.com " });
    expect(made).toMatchObject({
      email: "hand@example.com",
      scope: "workspace",
      connection_id: null,
      stream: null,
      reason: "manual",
      origin: "customer",
    });
    expect((await create(actor, { email: "hand@example.com" })).created_at).toBe(made.created_at);
    expect(await held("hand@example.com")).toBe("manual");
    await deleteSuppression(actor, { email: "HAND@example.com" });
    expect(await held("hand@example.com")).toBeNull();
    await expect(deleteSuppression(actor, { email: "hand@example.com" })).rejects.toMatchObject({ code: "not_found" });
    const entries = await db.prisma.auditEntry.findMany({ where: { workspaceId: here, subject: "hand@example.com" } });
    expect(entries.map(({ action }) => action).sort()).toEqual([
      "suppression.created",
      "suppression.created",
      "suppression.deleted",
    ]);
  });

  test("can be for one stream, and is lifted for that stream alone", async () => {
    const actor = actorIn(here);
    const email = "stream@example.com";
    await create(actor, { email, connection_id: connectionId, stream: "broadcast" });
    await create(actor, { email, connection_id: connectionId, stream: "outbound" });
    await deleteSuppression(actor, { email, connection_id: connectionId, stream: "outbound" });
    expect(await held(email, "broadcast")).toBe("manual");
    expect(await held(email, "outbound")).toBeNull();
  });

  test("knows no connection of another workspace, and lifts nothing there", async () => {
    const foreign = (await makeConnection(db, { workspaceId: elsewhere })).id;
    const input = { email: "x@example.com", connection_id: foreign, stream: "broadcast" };
    await expect(create(actorIn(here), input)).rejects.toMatchObject({ code: "not_found" });
    await makeSuppressions(db, { workspaceId: elsewhere }, [{ email: "theirs@example.com" }]);
    await expect(deleteSuppression(actorIn(here), { email: "theirs@example.com" })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await held("theirs@example.com", "broadcast", foreign, elsewhere)).toBe("manual");
  });

  test("is not for viewers", async () => {
    const viewer = viewerIn(here);
    await expect(async () => create(viewer, { email: "v@example.com" })).rejects.toMatchObject({ code: "forbidden" });
    await expect(async () => deleteSuppression(viewer, { email: "v@example.com" })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect((await list(viewer)).data.length).toBeGreaterThan(0);
  });

  test("asks for both connection and stream, and for a real address", () => {
    const fields = (input: unknown) =>
      createSuppressionInput.safeParse(input).error?.issues.map(({ path }) => path.join(".")) ?? [];
    expect(fields({ email: "a@example.com", stream: "broadcast" })).toEqual(["connection_id"]);
    expect(fields({ email: "a@example.com", scope: "stream" })).toEqual(["connection_id", "stream"]);
    expect(fields({ email: "a@example.com", scope: "workspace", connection_id: connectionId, stream: "s" })).toEqual([
      "scope",
    ]);
    expect(fields({ email: "not an address" })).toEqual(["email"]);
    expect(fields({ email: "a@example.com", reason: "unsubscribe" })).toEqual(["reason"]);
  });
});
