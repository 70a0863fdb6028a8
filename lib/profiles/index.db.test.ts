import { beforeAll, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant } from "../actor";
import { db } from "../db";
import { makeProfile, makeProfiles, makeSuppressions, makeWorkspace, nextId } from "../testing/factory";
import { findProfile, getProfile, listProfiles, profileIdsOf } from "./index";
import { listProfilesInput, profile, profilePage } from "./schema";

const actorIn = (workspaceId: string): Actor => ({
  kind: "operator",
  id: "cli",
  workspaceId,
  permissions: new Set(permissions),
});
const list = async (actor: Actor, input: Record<string, unknown> = {}) =>
  profilePage.parse(await listProfiles(actor, listProfilesInput.parse(input)));

let here: string;
let elsewhere: string;
beforeAll(async () => {
  [here, elsewhere] = [(await makeWorkspace(db)).id, (await makeWorkspace(db)).id];
});

describe("a person", () => {
  test("is found by any of the three ids, and by none of them from another workspace", async () => {
    const made = await makeProfile(db, { workspaceId: here, externalId: "user_42", anonymousIds: ["anon_1"] });
    const tenant = systemTenant(here);
    for (const id of [made.id, made.id.toUpperCase(), "user_42", "anon_1"])
      expect((await findProfile(db, tenant, id))?.id).toBe(made.id);
    expect(await findProfile(db, tenant, "user_4")).toBeNull();
    expect(await findProfile(db, tenant, nextId())).toBeNull();
    for (const id of [made.id, "user_42", "anon_1"]) {
      expect(await findProfile(db, systemTenant(elsewhere), id)).toBeNull();
      await expect(getProfile(actorIn(elsewhere), { id })).rejects.toMatchObject({ code: "not_found" });
    }
  });

  test("who was merged away is found as the survivor, whose older ids stay known", async () => {
    const survivor = await makeProfile(db, { workspaceId: here });
    const gone = await makeProfile(db, { workspaceId: here, mergedIntoId: survivor.id, externalId: "old_user" });
    const tenant = systemTenant(here);
    expect((await findProfile(db, tenant, gone.id))?.id).toBe(survivor.id);
    expect((await findProfile(db, tenant, "old_user"))?.id).toBe(survivor.id);
    expect((await profileIdsOf(db, tenant, survivor.id)).sort()).toEqual([survivor.id, gone.id].sort());
    expect((await list(actorIn(here), { q: gone.id })).data.map(({ id }) => id)).toEqual([survivor.id]);
  });

  test("is shown with ids, address, traits, and why they are not written to", async () => {
    const made = await makeProfile(db, {
      workspaceId: here,
      email: "Held@Example.com",
      externalId: "user_held",
      anonymousIds: ["anon_a", "anon_b"],
      traits: { plan: "pro" },
    });
    await makeSuppressions(db, { workspaceId: here }, [
      { email: "held@example.com", reason: "hard_bounce" },
      { email: "held@example.com", reason: "spam_complaint", active: false },
    ]);
    await makeSuppressions(db, { workspaceId: elsewhere }, [{ email: "held@example.com" }]);
    const shown = profile.parse(await getProfile(actorIn(here), { id: "user_held" }));
    expect(shown).toMatchObject({
      id: made.id,
      project_id: here,
      external_id: "user_held",
      external_ids: ["user_held"],
      email: "Held@Example.com",
      traits: { plan: "pro", email: "Held@Example.com" },
    });
    expect(shown.anonymous_ids.sort()).toEqual(["anon_a", "anon_b"]);
    expect(shown.suppressed).toMatchObject([{ reason: "hard_bounce", scope: "workspace" }]);
  });

  test("without address or ids is a person too", async () => {
    const made = await makeProfile(db, { workspaceId: here, email: null, externalId: null });
    expect(profile.parse(await getProfile(actorIn(here), { id: made.id }))).toMatchObject({
      external_id: null,
      email: null,
      suppressed: [],
    });
  });
});

describe("the list of people", () => {
  test("is newest first, page by page, without those who were merged away", async () => {
    const workspaceId = (await makeWorkspace(db)).id;
    const made = await makeProfiles(db, { workspaceId }, [{}, {}, {}, {}, {}]);
    await makeProfile(db, { workspaceId, mergedIntoId: made[0]?.id });
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await list(actorIn(workspaceId), { limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor);
    expect(seen).toEqual(made.map(({ id }) => id).reverse());
  });

  test("is searched by the whole address, by its beginning, and by ids", async () => {
    const workspaceId = (await makeWorkspace(db)).id;
    const [ana, anabel] = await makeProfiles(db, { workspaceId }, [
      { email: "Ana@example.com", externalId: "user_1", anonymousIds: ["anon_1"] },
      { email: "anabel@example.com" },
    ]);
    const ids = async (input: Record<string, unknown>, actor = actorIn(workspaceId)) =>
      (await list(actor, input)).data.map(({ id }) => id);
    expect(await ids({ email: "ana@EXAMPLE.com" })).toEqual([ana?.id]);
    expect(await ids({ q: "ANA" })).toEqual([anabel?.id, ana?.id]);
    expect(await ids({ q: "user_1" })).toEqual([ana?.id]);
    expect(await ids({ q: "anon_1" })).toEqual([ana?.id]);
    expect(await ids({ q: ana?.id })).toEqual([ana?.id]);
    expect(await ids({ q: "%" })).toEqual([]);
    expect(await ids({ q: "user_1" }, actorIn(elsewhere))).toEqual([]);
  });

  test("finds an address by its index, however many people there are", async () => {
    const workspaceId = (await makeWorkspace(db)).id;
    await db.sql(
      `insert into profiles (workspace_id, id, traits)
       select $1, uuid_v7(), jsonb_build_object('email', 'p' || i || '@example.com') from generate_series(1, 3000) i`,
      [workspaceId],
    );
    await db.sql("analyze profiles");
    const explain = async (where: string) =>
      JSON.stringify(
        await db.sql(`explain (format json) select id from profiles where workspace_id = $1 and ${where}`, [
          workspaceId,
        ]),
      );
    expect(await explain("lower(traits->>'email') = 'p7@example.com'")).toContain("profiles_email");
    expect(await explain("lower(traits->>'email') like 'p77%'")).toContain("profiles_email");
  });
});

test("someone who may only send events reads no people", async () => {
  const key: Actor = { ...actorIn(here), kind: "publishable_key", permissions: new Set(["events:write"]) };
  await expect(listProfiles(key, listProfilesInput.parse({}))).rejects.toMatchObject({ code: "wrong_key_type" });
  await expect(getProfile(key, { id: "user_42" })).rejects.toMatchObject({ code: "wrong_key_type" });
});
