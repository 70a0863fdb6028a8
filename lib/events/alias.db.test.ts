import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant, type Tenant } from "../actor";
import { db, transaction } from "../db";
import { newId } from "../ids";
import { profileOf } from "../profiles";
import { profileTimeline } from "../sends";
import { makeWorkspace } from "../testing/factory";
import { somebodyWaits } from "../testing/locks";
import { alias, identify, sendEvent } from "./index";

let actor: Actor;
let tenant: Tenant;
beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions), workspaceVersion: 1 };
  tenant = systemTenant(workspaceId);
});

const find = (anyId: string) => profileOf(db, tenant, anyId);
const rows = (sql: string, ...values: unknown[]) => db.sql(sql, [tenant.workspaceId, ...values]);
const names = async (anyId: string) =>
  (await profileTimeline(actor, { id: anyId, limit: 50 })).data.map(({ name }) => name).reverse();

describe("alias", () => {
  const fold = (user_id: string, from: { anonymous_id?: string; previous_id?: string }) =>
    alias(actor, { user_id, anonymous_id: null, previous_id: null, request_id: null, ...from });

  test("folds an anonymous history into the person named, who survives although younger", async () => {
    await identify(actor, { anonymous_id: "old", traits: { plan: "trial", color: "red" } });
    await identify(actor, { external_id: "N", traits: { plan: "pro" } });
    const named = await find("N");
    expect(await fold("N", { anonymous_id: "old" })).toMatchObject({ alias: { user_id: "N", anonymous_id: "old" } });
    expect(await find("old")).toMatchObject({ id: named.id, traits: { plan: "pro", color: "red" } });
    expect(await names("N")).toHaveLength(2);
    const again = await fold(named.id, { anonymous_id: "old" });
    expect(again.alias.user_id).toBe(named.id);
    const told = await rows("select action, subject, data from audit_entries where workspace_id = $1 order by id");
    const facts = { action: "profile.aliased", subject: named.id };
    expect(told).toMatchObject([
      { ...facts, data: { user_id: "N", merged: 1 } },
      { ...facts, data: { user_id: named.id, merged: 0 } },
    ]);
  });

  test("folds an earlier external id: the only way in which two identified people become one", async () => {
    await identify(actor, { external_id: "before", traits: { a: 1 } });
    await identify(actor, { external_id: "after", traits: { a: 2 } });
    const { id } = await find("after");
    await fold("after", { previous_id: "before" });
    await sendEvent(actor, { event: "viewed", external_id: "before" });
    expect(await find("before")).toMatchObject({ id, traits: { a: 2 } });
    expect(await names("after")).toHaveLength(3);
    // Both names are the same person now: neither takes anything from the other.
    await sendEvent(actor, { event: "viewed", external_id: "before", anonymous_id: "q" });
    await sendEvent(actor, { event: "viewed", external_id: "after", anonymous_id: "q" });
    expect((await rows("select 1 from identity_changes where workspace_id = $1 and kind = 'taken_over'")).length).toBe(
      0,
    );
  });

  test("refuses what belongs to a profile with another external id, names both, and changes nothing", async () => {
    await identify(actor, { external_id: "F1", anonymous_id: "f" });
    await identify(actor, { external_id: "F2" });
    const [one, two] = [await find("F1"), await find("F2")];
    const refused = { code: "alias_conflict", extras: { profiles: [two.id, one.id] } };
    await expect(fold("F2", { anonymous_id: "f" })).rejects.toMatchObject(refused);
    await fold("F2", { previous_id: "F1" });
    await identify(actor, { external_id: "F3" });
    // The same source for a second target.
    await expect(fold("F3", { previous_id: "F1" })).rejects.toMatchObject({ code: "alias_conflict" });
    expect((await find("f")).id).toBe(two.id);
  });

  test("attaches identifiers that nobody had, and makes the person where nobody has the name", async () => {
    await fold("G", { anonymous_id: "g" });
    const { id } = await find("G");
    expect((await find("g")).id).toBe(id);
    await sendEvent(actor, { event: "viewed", anonymous_id: "k" });
    const visitor = await find("k");
    await fold("K", { anonymous_id: "k", previous_id: "K0" });
    for (const name of ["K", "K0"]) expect((await find(name)).id).toBe(visitor.id);
  });

  test("two aliases of the same source to two people at once: one wins, the other is told", async () => {
    for (let round = 0; round < 5; round += 1) {
      await identify(actor, { external_id: `s${round}` });
      await identify(actor, { external_id: `t${round}` });
      await sendEvent(actor, { event: "viewed", external_id: `o${round}` });
      const outcomes = await Promise.allSettled([
        fold(`s${round}`, { previous_id: `o${round}` }),
        fold(`t${round}`, { previous_id: `o${round}` }),
      ]);
      const statuses = outcomes.map(({ status }) => status).sort();
      expect(statuses).toEqual(["fulfilled", "rejected"]);
    }
  });

  test("of an identifier that somebody else takes at the same moment: whoever asks is one person in the end", async () => {
    await identify(actor, { external_id: "N" });
    const [held, commit] = [gate(), gate()];
    const visitor = transaction(async (tx) => {
      await tx.sql("insert into profiles (workspace_id, id) values ($1, $2)", [tenant.workspaceId, newId()]);
      await tx.sql(
        `insert into identifiers (workspace_id, kind, value, profile_id)
         select $1, 'anonymous', 'v', id from profiles where workspace_id = $1 and not exists (
           select from identifiers i where i.workspace_id = $1 and i.profile_id = profiles.id)`,
        [tenant.workspaceId],
      );
      held.open();
      await commit.opened;
    });
    await held.opened;
    const folding = fold("N", { anonymous_id: "v" });
    await somebodyWaits();
    commit.open();
    await Promise.all([visitor, folding]);
    expect((await find("v")).id).toBe((await find("N")).id);
  });
});

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
