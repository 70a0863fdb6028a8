import { beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "../actor";
import { permissions } from "../actor";
import { db } from "../db";
import { newId } from "../ids";
import { makeWorkspace } from "../testing/factory";
import { identify, sendEvent, sendEvents } from "./index";

let actor: Actor;
let browser: Actor;
let stranger: Actor;

beforeAll(async () => {
  const [mine, theirs] = [await makeWorkspace(db), await makeWorkspace(db)];
  const base = { id: newId(), permissions: new Set(permissions) };
  actor = { ...base, kind: "secret_key", workspaceId: mine.id, workspaceVersion: 1 };
  browser = { ...actor, kind: "publishable_key", permissions: new Set(["events:write"]) };
  stranger = { ...base, kind: "secret_key", workspaceId: theirs.id, workspaceVersion: 1 };
});

type Found = { id: string; traits: Record<string, unknown>; ids: string[] };
/** The profile that an identifier names. */
async function profileOf(kind: "external" | "anonymous", value: string, who = actor): Promise<Found | null> {
  const [row] = await db.sql<Found>(
    `select p.id, p.traits, array_agg(a.kind || ' ' || a.value order by a.kind, a.value) as ids
     from identifiers i join profiles p on p.workspace_id = i.workspace_id and p.id = i.profile_id
     join identifiers a on a.workspace_id = p.workspace_id and a.profile_id = p.id
     where i.workspace_id = $1 and i.kind = $2 and i.value = $3 group by p.id, p.traits`,
    [who.workspaceId, kind, value],
  );
  return row ?? null;
}
const eventsOf = (profileId: string) =>
  db.sql<{ name: string; source: string; properties: unknown }>(
    "select name, source, properties from events where workspace_id = $1 and profile_id = $2 order by id",
    [actor.workspaceId, profileId],
  );

describe("who an event is about", () => {
  test("anonymous history joins the person who identifies, and the introducing events are remembered", async () => {
    await sendEvent(actor, { event: "viewed", anonymous_id: "h1", properties: { page: "/" } });
    await identify(actor, { anonymous_id: "h1", external_id: "H", traits: { first_name: "Ada" } });
    await sendEvent(actor, { event: "bought", external_id: "H" });
    const person = await profileOf("external", "H");
    expect(person).toMatchObject({ ids: ["anonymous h1", "external H"], traits: { first_name: "Ada" } });
    expect((await eventsOf(person?.id ?? "")).map(({ name }) => name)).toEqual(["viewed", "$identify", "bought"]);
    const introduced = await db.sql<{ name: string }>(
      `select e.name from identifiers i join events e on e.workspace_id = i.workspace_id and e.id = i.event_id
       where i.workspace_id = $1 and i.profile_id = $2 order by i.kind`,
      [actor.workspaceId, person?.id],
    );
    expect(introduced.map(({ name }) => name)).toEqual(["viewed", "$identify"]);
  });

  test("people who share a browser never become one person, in one batch or in several", async () => {
    const events = [
      { event: "viewed", anonymous_id: "s1" },
      { event: "$identify", anonymous_id: "s1", external_id: "S1", traits: {} },
      { event: "$identify", anonymous_id: "s1", external_id: "S2", traits: {} },
      { event: "viewed", anonymous_id: "s1" },
    ];
    expect(await sendEvents(actor, { events })).toMatchObject({ accepted: 4, errors: [] });
    await identify(actor, { anonymous_id: "s1", external_id: "S3" });
    expect(await profileOf("external", "S1")).toMatchObject({ ids: ["external S1"] });
    expect(await profileOf("external", "S2")).toMatchObject({ ids: ["external S2"] });
    expect(await profileOf("external", "S3")).toMatchObject({ ids: ["anonymous s1", "external S3"] });
  });

  test("a user_id names the profile, and an unknown one is that event's error", async () => {
    await identify(actor, { external_id: "U" });
    const person = await profileOf("external", "U");
    const events = [
      { event: "renewed", user_id: person?.id },
      { event: "renewed", user_id: newId() },
      { event: "renewed", user_id: "U" },
    ];
    const answer = await sendEvents(actor, { events });
    expect(answer).toMatchObject({ accepted: 1, rejected: 2 });
    expect(answer.errors.map(({ index, error }) => [index, error])).toEqual([
      [1, "validation_error"],
      [2, "validation_error"],
    ]);
    expect((await eventsOf(person?.id ?? "")).map(({ name }) => name)).toEqual(["$identify", "renewed"]);
    await expect(sendEvent(stranger, { event: "renewed", user_id: person?.id })).rejects.toThrow("No profile has this");
    await expect(sendEvent(browser, { event: "renewed", user_id: person?.id })).rejects.toMatchObject({
      code: "wrong_key_type",
    });
  });

  test("the same ids in another workspace are another person", async () => {
    await identify(actor, { external_id: "T", traits: { of: "mine" } });
    await identify(stranger, { external_id: "T", traits: { of: "theirs" } });
    expect(await profileOf("external", "T")).toMatchObject({ traits: { of: "mine" } });
    expect(await profileOf("external", "T", stranger)).toMatchObject({ traits: { of: "theirs" } });
  });
});

describe("traits", () => {
  test("the last word on each counts, null takes one away, and others stay", async () => {
    await identify(actor, { external_id: "R", traits: { a: 1, b: { c: null }, d: 4 } });
    const events = [
      { event: "$identify", external_id: "R", traits: { a: null, d: 5 } },
      { event: "$identify", external_id: "R", traits: { d: 6, e: [1] } },
    ];
    await sendEvents(actor, { events });
    expect((await profileOf("external", "R"))?.traits).toEqual({ b: { c: null }, d: 6, e: [1] });
  });

  test("an address is kept lower-cased, and nothing but one bare address is taken", async () => {
    await identify(actor, { external_id: "A", traits: { email: " Ada@Example.COM " } });
    expect((await profileOf("external", "A"))?.traits).toEqual({ email: "ada@example.com" });
    for (const email of [
      "a",
      "a@b",
      "Ada <a@b.co>",
      "a@b.co,c@d.co",
      "a@b.co\nBcc: x@y.z",
      `${"a".repeat(250)}@b.co`,
      7,
    ])
      await expect(identify(actor, { external_id: "A", traits: { email } })).rejects.toMatchObject({
        code: "validation_error",
      });
  });

  test("a publishable key never changes the address of a person with an external id", async () => {
    await identify(browser, { anonymous_id: "e1", traits: { email: "first@example.com" } });
    await identify(browser, { anonymous_id: "e1", traits: { email: "second@example.com" } });
    await identify(browser, { anonymous_id: "e1", external_id: "E", traits: { email: "third@example.com" } });
    expect((await profileOf("external", "E"))?.traits).toEqual({ email: "third@example.com" });
    await identify(browser, { external_id: "E", traits: { email: "thief@example.com", plan: "free" } });
    await identify(browser, { anonymous_id: "e1", traits: { email: null } });
    expect((await profileOf("external", "E"))?.traits).toEqual({ email: "third@example.com", plan: "free" });
    const events = ["one@example.com", "two@example.com"].map((email) => ({
      event: "$identify",
      external_id: "E2",
      traits: { email },
    }));
    await sendEvents(browser, { events });
    expect((await profileOf("external", "E2"))?.traits).toEqual({ email: "one@example.com" });
    await identify(actor, { external_id: "E", traits: { email: "mine@example.com" } });
    expect((await profileOf("external", "E"))?.traits).toMatchObject({ email: "mine@example.com" });
  });

  test("a profile that would grow too many traits refuses that event alone", async () => {
    const traits = (from: number) => Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`t${from + n}`, n]));
    const events = [
      { event: "$identify", external_id: "G", traits: traits(0) },
      { event: "viewed", external_id: "G2" },
      { event: "$identify", external_id: "G", traits: traits(200) },
    ];
    const answer = await sendEvents(actor, { events });
    expect(answer).toMatchObject({ accepted: 2, rejected: 1, errors: [{ index: 2, error: "validation_error" }] });
    expect(Object.keys((await profileOf("external", "G"))?.traits ?? {})).toHaveLength(200);
    expect(await profileOf("external", "G2")).not.toBeNull();
  });
});

describe("repeats", () => {
  test("a message id counts once: in one batch, in the next, and its traits are not put back", async () => {
    const first = { event: "$identify", external_id: "M", message_id: "m1", traits: { plan: "old" } };
    expect(await sendEvents(actor, { events: [first, first] })).toMatchObject({ accepted: 2 });
    await identify(actor, { external_id: "M", traits: { plan: "new" } });
    expect(await sendEvents(actor, { events: [first, { event: "viewed", external_id: "M" }] })).toMatchObject({
      accepted: 2,
    });
    const person = await profileOf("external", "M");
    expect(person?.traits).toEqual({ plan: "new" });
    expect((await eventsOf(person?.id ?? "")).map(({ name }) => name)).toEqual(["$identify", "$identify", "viewed"]);
  });

  test("a message id of another workspace is another message", async () => {
    await sendEvent(actor, { event: "viewed", external_id: "W", message_id: "shared" });
    await sendEvent(stranger, { event: "viewed", external_id: "W", message_id: "shared" });
    const rows = await db.sql("select 1 from messages where message_id = 'shared'");
    expect(rows).toHaveLength(2);
  });
});

test("what comes from a publishable key is marked as the browser's", async () => {
  await sendEvent(browser, { event: "viewed", anonymous_id: "b1", properties: { page: "/" } });
  const visitor = await profileOf("anonymous", "b1");
  expect(await eventsOf(visitor?.id ?? "")).toEqual([{ name: "viewed", source: "browser", properties: { page: "/" } }]);
});
