import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant, type Tenant } from "../actor";
import { listEnrollments } from "../automations";
import { listEnrollmentsInput } from "../automations/schema";
import { db } from "../db";
import { newId } from "../ids";
import { getProfile, profileOf } from "../profiles";
import { listSends, profileEnrollments, profileIdentity, profileTimeline } from "../sends";
import { listSendsInput } from "../sends/schema";
import { makeAutomation, makeEnrollment, makeProfile, makeSend, makeWorkspace } from "../testing/factory";
import { identify, rewriteMergedEvents, sendEvent, sendEvents } from "./index";

let actor: Actor;
let browser: Actor;
let tenant: Tenant;
beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions), workspaceVersion: 1 };
  browser = { ...actor, kind: "publishable_key", permissions: new Set(["events:write"]) };
  tenant = systemTenant(workspaceId);
});

const find = (anyId: string) => profileOf(db, tenant, anyId);
const rows = (sql: string, ...values: unknown[]) => db.sql(sql, [tenant.workspaceId, ...values]);
const names = async (anyId: string) =>
  (await profileTimeline(actor, { id: anyId, limit: 50 })).data.map(({ name }) => name).reverse();

describe("profiles that turn out to be one person", () => {
  test("become the oldest: its traits win, what it lacks is filled in, and old ids find it with all events", async () => {
    await identify(actor, { anonymous_id: "a1", traits: { plan: "trial", color: "red" } });
    await identify(actor, { external_id: "u1", traits: { plan: "pro", city: "Oslo" } });
    const [older, younger] = [await find("a1"), await find("u1")];
    await sendEvent(actor, { event: "bought", external_id: "u1", anonymous_id: "a1" });
    const survivor = await find("u1");
    expect(survivor).toMatchObject({ id: older.id, traits: { plan: "trial", color: "red", city: "Oslo" } });
    for (const id of ["a1", older.id, younger.id]) expect((await find(id)).id).toBe(older.id);
    expect(await names(younger.id)).toEqual(["$identify", "$identify", "bought"]);
    expect((await profileIdentity(actor, { id: younger.id })).changes).toMatchObject([
      { kind: "merged", role: "gained", other_id: younger.id, named: ["u1", "a1"], event: "bought" },
    ]);
  });

  test("are one person to every list that is asked by an old id", async () => {
    const older = await makeProfile(db, { ...tenant, externalId: null, anonymousIds: ["n"] });
    const younger = await makeProfile(db, { ...tenant, externalId: "N" });
    const { id: automationId, version } = await makeAutomation(db, tenant);
    const run = { ...tenant, automationId, versionId: version.id, status: "completed" };
    await makeEnrollment(db, { ...run, profileId: younger.id });
    await makeEnrollment(db, { ...run, profileId: older.id });
    const [first, second] = [
      await makeSend(db, { ...tenant, profileId: older.id, status: "sent" }),
      await makeSend(db, { ...tenant, profileId: younger.id, status: "sent" }),
    ];
    await sendEvent(actor, { event: "viewed", external_id: "N", anonymous_id: "n" });
    for (const id of [older.id, younger.id, "N", "n"]) {
      expect((await getProfile(actor, { id })).id).toBe(older.id);
      const sends = await listSends(actor, listSendsInput.parse({ profile_id: id }));
      expect(sends.data.map((send) => send.id).sort()).toEqual([first.id, second.id].sort());
      expect((await profileEnrollments(actor, { id, limit: 50 })).data).toHaveLength(2);
      const people = await listEnrollments(actor, listEnrollmentsInput.parse({ id: automationId, profile_id: id }));
      expect(people.data).toHaveLength(2);
      expect(await names(id)).toHaveLength(3);
    }
  });

  test("merge again and again into one, and every tombstone points at the end of the chain", async () => {
    for (const anonymous_id of ["c1", "c2", "c3", "c4"]) await sendEvent(actor, { event: "viewed", anonymous_id });
    const ids = await Promise.all(["c1", "c2", "c3", "c4"].map(async (id) => (await find(id)).id));
    await identify(actor, { external_id: "C", anonymous_id: "c4" });
    await identify(actor, { external_id: "C", anonymous_id: "c3" });
    await identify(actor, { external_id: "C", anonymous_id: "c2" });
    await identify(actor, { external_id: "C", anonymous_id: "c1" });
    const pointed = await rows("select merged_into_id as into from profiles where workspace_id = $1 order by id");
    expect(pointed).toEqual([{ into: null }, { into: ids[0] }, { into: ids[0] }, { into: ids[0] }]);
    expect(await names("c3")).toHaveLength(8);
  });

  test("are found by later events of the same batch, in its order", async () => {
    await sendEvent(actor, { event: "viewed", anonymous_id: "b1" });
    await identify(actor, { external_id: "B" });
    const older = await find("b1");
    const events = [
      { event: "$identify", external_id: "B", anonymous_id: "b1", traits: { plan: "pro" } },
      { event: "bought", external_id: "B" },
      { event: "viewed", anonymous_id: "b1" },
    ];
    expect(await sendEvents(actor, { events })).toMatchObject({ accepted: 3 });
    expect(await find("B")).toMatchObject({ id: older.id, traits: { plan: "pro" } });
    expect(await names("B")).toHaveLength(5);
  });

  test("a repeated message merges nobody and takes nothing over", async () => {
    const first = { event: "viewed", external_id: "R1", anonymous_id: "r", message_id: "m-1" };
    await sendEvent(actor, first);
    await sendEvent(actor, { event: "viewed", external_id: "R2", anonymous_id: "r" });
    await sendEvents(actor, {
      events: [first, { event: "bought", anonymous_id: "r" }, { ...first, message_id: "m-1" }],
    });
    expect(await names("R1")).toEqual(["viewed"]);
    expect(await names("R2")).toEqual(["viewed", "bought"]);
    expect((await find("r")).id).toBe((await find("R2")).id);
  });

  test("a browser's merge does not put another address over that of an identified person", async () => {
    await identify(browser, { anonymous_id: "evil", traits: { email: "evil@example.com" } });
    await identify(actor, { external_id: "V", traits: { email: "victim@example.com" } });
    await sendEvent(browser, { event: "viewed", external_id: "V", anonymous_id: "evil" });
    expect((await find("V")).traits).toEqual({ email: "victim@example.com" });
    expect((await find("evil")).id).toBe((await find("V")).id);
  });

  test("traits of the one who is merged away never carry the survivor over the limits of a profile", async () => {
    const many = (from: number) => Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`t${from + i}`, i]));
    await identify(actor, { anonymous_id: "t", traits: many(0) });
    await identify(actor, { external_id: "T", traits: { ...many(200), email: "t@example.com" } });
    await identify(actor, { external_id: "T", anonymous_id: "t", traits: { t0: "new" } });
    const { traits } = await find("T");
    expect(Object.keys(traits)).toHaveLength(256);
    expect(traits).toMatchObject({ t0: "new", email: "t@example.com" });
  });
});

describe("two identified people who share an anonymous id", () => {
  test("stay two: it goes with the external id in the call, and the earlier events stay where they were", async () => {
    await sendEvent(actor, { event: "viewed", external_id: "A", anonymous_id: "x" });
    await sendEvent(actor, { event: "bought", external_id: "B", anonymous_id: "x" });
    await sendEvent(actor, { event: "left", anonymous_id: "x" });
    expect(await names("A")).toEqual(["viewed"]);
    expect(await names("B")).toEqual(["bought", "left"]);
    expect((await find("x")).id).toBe((await find("B")).id);
    const [brought] = await rows(
      `select e.name from identifiers i join events e on e.workspace_id = $1 and e.id = i.event_id
       where i.workspace_id = $1 and i.value = 'x'`,
    );
    expect(brought).toEqual({ name: "bought" });
    const [a, b] = [await find("A"), await find("B")];
    const said = async (id: string) => (await profileIdentity(actor, { id })).changes;
    const change = { kind: "taken_over", identifier: { kind: "anonymous", value: "x" } };
    expect(await said("A")).toMatchObject([{ ...change, role: "lost", other_id: b.id }]);
    expect(await said("B")).toMatchObject([{ ...change, role: "gained", other_id: a.id }]);
  });

  test("in one batch as one by one, also where the first of them joins an anonymous history that exists", async () => {
    await sendEvent(actor, { event: "viewed", anonymous_id: "y" });
    const visitor = await find("y");
    const events = [
      { event: "signed_up", external_id: "Y1", anonymous_id: "y" },
      { event: "signed_up", external_id: "Y2", anonymous_id: "y" },
      { event: "left", anonymous_id: "y" },
    ];
    await sendEvents(actor, { events });
    expect((await find("Y1")).id).toBe(visitor.id);
    expect(await names("Y1")).toEqual(["viewed", "signed_up"]);
    expect(await names("Y2")).toEqual(["signed_up", "left"]);
  });

  test("one profile never gets two external ids through two anonymous ones of it", async () => {
    await sendEvent(actor, { event: "viewed", anonymous_id: "z1" });
    const { id } = await find("z1");
    await sendEvent(actor, { event: "viewed", user_id: id, anonymous_id: "z2" });
    const events = [
      { event: "signed_up", external_id: "Z1", anonymous_id: "z1" },
      { event: "signed_up", external_id: "Z2", anonymous_id: "z2" },
    ];
    await sendEvents(actor, { events });
    expect((await find("Z1")).id).toBe(id);
    expect((await find("Z2")).id).not.toBe(id);
  });
});

test("traits of one person under two ids that nothing joins in the batch are all kept", async () => {
  await identify(actor, { external_id: "P", anonymous_id: "p" });
  const events = [
    { event: "$identify", anonymous_id: "p", traits: { one: 1, both: "first" } },
    { event: "$identify", external_id: "P", traits: { two: 2, both: "last" } },
  ];
  await sendEvents(actor, { events });
  expect((await find("P")).traits).toEqual({ one: 1, two: 2, both: "last" });
});

test("events and decisions of who was merged away become the survivor's in bounded pieces, and are found all the while", async () => {
  for (let n = 0; n < 7; n += 1) await sendEvent(actor, { event: "viewed", external_id: "L", properties: { n } });
  await makeProfile(db, { ...tenant, externalId: null, anonymousIds: ["l"], createdAt: new Date("2026-10-20") });
  await sendEvent(actor, { event: "left", external_id: "L", anonymous_id: "l" });
  expect(await rewriteMergedEvents(db, { rowsMax: 100 })).toBe(0); // not yet: a group under way may still add one
  await rows("update merged_histories set due_at = now() where workspace_id = $1");
  const survivor = await find("L");
  const mine = async () =>
    (await rows("select 1 from events where workspace_id = $1 and profile_id = $2", survivor.id)).length;
  expect(await mine()).toBe(1);
  const seen: number[] = [];
  for (let pieces = 0; pieces < 5; pieces += 1) {
    await rewriteMergedEvents(db, { rowsMax: 3 });
    seen.push(await mine());
    expect(await names("L")).toHaveLength(8);
  }
  expect(seen).toEqual([4, 7, 8, 8, 8]);
  expect(await rows("select 1 from merged_histories where workspace_id = $1")).toEqual([]);
});
