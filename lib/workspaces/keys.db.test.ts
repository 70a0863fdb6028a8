import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, type Permission, permissions, type Role, rolePermissions, roles } from "../actor";
import { db } from "../db";
import { makeWorkspace } from "../testing/factory";
import { createKey, findKey, listAudit, listKeys, noteKeyUsed, operatorActor, revokeKey } from "./index";
import { type CreateKeyInput, createKeyInput } from "./schema";

let mine: Actor;
let theirs: Actor;
beforeAll(async () => {
  mine = operatorActor((await makeWorkspace(db)).id);
  theirs = operatorActor((await makeWorkspace(db)).id);
});
const make = (over: Partial<CreateKeyInput> = {}, actor = mine) =>
  createKey(actor, createKeyInput.parse({ kind: "secret", name: "Server", ...over }));
const seat = (role: Role): Actor => ({
  ...mine,
  kind: "user",
  id: "someone",
  role,
  permissions: rolePermissions[role],
});

describe("a key", () => {
  test("opens its own workspace with everything, unless it was given scopes", async () => {
    const all = await findKey((await make()).key);
    expect(all?.actor).toMatchObject({ kind: "secret_key", workspaceId: mine.workspaceId });
    expect([...(all?.actor.permissions ?? [])].sort()).toEqual([...permissions].sort());
    const some = await findKey((await make({ scopes: ["events:write", "sends:read"] })).key);
    expect([...(some?.actor.permissions ?? [])]).toEqual(["events:write", "sends:read"]);
  });

  test("of the browser may only send events", async () => {
    const made = await make({ kind: "publishable" });
    expect(made.key).toMatch(/^gflux_pub_live_[\w-]{32}$/);
    const found = await findKey(made.key);
    expect(found?.actor.kind).toBe("publishable_key");
    expect([...(found?.actor.permissions ?? [])]).toEqual(["events:write"]);
  });

  test("is shown once: nothing that is stored or listed holds it", async () => {
    const made = await make({ name: "Once" });
    expect(made).toMatchObject({
      prefix: "gflux_secret_live_",
      last4: made.key.slice(-4),
      project_id: mine.workspaceId,
    });
    const stored = JSON.stringify([await db.sql("select * from api_keys"), await listAudit(mine, { limit: 50 })]);
    expect(stored).not.toContain(made.key.slice("gflux_secret_live_".length, -4));
    expect(JSON.stringify(await listKeys(mine, { limit: 200 }))).not.toContain(made.key);
  });

  test.each(["", "gflux_secret_live_", `gflux_secret_live_${"x".repeat(32)}`, "Bearer x", "gflux_secret_live_\u0000"])(
    "that nobody made (%j) opens nothing",
    async (secret) => expect(await findKey(secret)).toBeNull(),
  );

  test("is refused once revoked, is no longer listed, and every process hears of it", async () => {
    const made = await make();
    const before = await findKey(made.key);
    await revokeKey(mine, { id: made.id });
    expect(await findKey(made.key)).toBeNull();
    expect((await listKeys(mine, { limit: 200 })).data.map(({ id }) => id)).not.toContain(made.id);
    expect((await findKey((await make()).key))?.workspaceVersion).toBeGreaterThan(before?.workspaceVersion ?? Infinity);
    await expect(revokeKey(mine, { id: made.id })).rejects.toMatchObject({ code: "not_found" });
  });

  test("of another workspace is neither seen nor revoked", async () => {
    const made = await make();
    await expect(revokeKey(theirs, { id: made.id })).rejects.toMatchObject({ code: "not_found" });
    await expect(revokeKey(mine, { id: "not-an-id" })).rejects.toMatchObject({ code: "not_found" });
    expect((await listKeys(theirs, { limit: 200 })).data).toEqual([]);
    expect(await findKey(made.key)).not.toBeNull();
  });

  test("makes no key that may do more than itself", async () => {
    const scopes: Permission[] = ["keys:write", "sends:read"];
    const found = await findKey((await make({ scopes })).key);
    if (!found) throw new Error("not found");
    await expect(make({}, found.actor)).rejects.toMatchObject({ code: "insufficient_scope" });
    await expect(make({ scopes: ["keys:write", "sends:write"] }, found.actor)).rejects.toThrow(/sends:write/);
    await expect(make({ kind: "publishable" }, found.actor)).rejects.toMatchObject({ code: "insufficient_scope" });
    expect((await make({ scopes: ["sends:read"] }, found.actor)).scopes).toEqual(["sends:read"]);
  });

  test("notes its last use, at most once a minute", async () => {
    const made = await make();
    const found = await findKey(made.key);
    if (!found) throw new Error("not found");
    const lastUsed = async () =>
      (await listKeys(mine, { limit: 200 })).data.find(({ id }) => id === made.id)?.last_used_at;
    expect(await lastUsed()).toBeNull();
    noteKeyUsed(found);
    await expect.poll(lastUsed).not.toBeNull();
    const first = await lastUsed();
    noteKeyUsed(found);
    noteKeyUsed(found);
    expect(await lastUsed()).toBe(first);
  });
});

test("keys are listed newest first, page by page", async () => {
  const actor = operatorActor((await makeWorkspace(db)).id);
  const made = [];
  for (const name of ["a", "b", "c"]) made.push((await make({ name }, actor)).id);
  const first = await listKeys(actor, { limit: 2 });
  expect(first.data.map(({ name }) => name)).toEqual(["c", "b"]);
  const second = await listKeys(actor, { limit: 2, cursor: first.next_cursor ?? undefined });
  expect(second).toMatchObject({ data: [{ name: "a" }], next_cursor: null });
});

test.each(roles)("a %s sees and makes keys only with the role for it", async (role) => {
  const may = role === "owner" || role === "admin";
  for (const act of [() => listKeys(seat(role), { limit: 1 }), () => make({}, seat(role))]) {
    if (may) await act();
    else await expect(act()).rejects.toMatchObject({ code: "forbidden" });
  }
});
