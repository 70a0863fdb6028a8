import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, permissions, systemTenant, type Tenant } from "../actor";
import { matches, type PerformedQuery, performedQueries, profileFields } from "../conditions/schema";
import { performedRules, properties } from "../conditions/testing/arbitrary";
import { type Db, db } from "../db";
import { newId } from "../ids";
import { makeAutomation, makeEvents, makeProfile, makeProfiles, makeWorkspace } from "../testing/factory";
import { countPerformed, identify, type PerformedAsk, sendEvent, sendEvents } from "./index";

let actor: Actor;
let tenant: Tenant;
beforeEach(async () => {
  const { id: workspaceId } = await makeWorkspace(db);
  tenant = systemTenant(workspaceId);
  actor = { kind: "secret_key", id: newId(), workspaceId, permissions: new Set(permissions) };
});

const hourMs = 3_600_000;
const now = new Date();
const ago = (ms: number) => new Date(now.getTime() - ms);
const query = (over: Partial<PerformedQuery> = {}): PerformedQuery => ({
  key: JSON.stringify(over),
  event: "bought",
  where: null,
  within: null,
  countMax: 100,
  ...over,
});
const counts = async (profileId: string, over: Partial<PerformedQuery> = {}) => {
  const asked = query(over);
  const counted = await countPerformed(db, tenant, [{ ref: "r", profileId, query: asked }], now);
  return counted.get("r")?.get(asked.key);
};
const bought = (profileId: string, times: number, over: object = {}) =>
  makeEvents(
    db,
    tenant,
    Array.from({ length: times }, () => ({ profileId, name: "bought", occurredAt: now, ...over })),
  );

test("a person did what they did themselves and what those did who were merged into them, by whichever id they are called", async () => {
  const { workspaceId } = tenant;
  const survivor = await makeProfile(db, { workspaceId });
  const merged = await makeProfile(db, { workspaceId, mergedIntoId: survivor.id, externalId: null });
  const stranger = await makeProfile(db, { workspaceId });
  await bought(survivor.id, 2);
  await bought(merged.id, 3);
  await bought(stranger.id, 1);
  expect([await counts(survivor.id), await counts(merged.id), await counts(stranger.id)]).toEqual([5, 5, 1]);
  expect(await counts(survivor.id, { countMax: 4 })).toBe(4);
  expect(await counts(survivor.id, { event: "viewed" })).toBe(0);
  expect(await counts(newId())).toBe(0);
});

test("in another workspace nobody has done anything, not even under the same id", async () => {
  const person = await makeProfile(db, { workspaceId: tenant.workspaceId });
  await bought(person.id, 2);
  const { id } = await makeWorkspace(db);
  await makeProfile(db, { workspaceId: id, id: person.id });
  const other = await countPerformed(db, systemTenant(id), [{ ref: "r", profileId: person.id, query: query() }], now);
  expect(other.get("r")?.get(query().key)).toBe(0);
  expect(await counts(person.id)).toBe(2);
});

test("a window goes by when things happened, also for what was imported later, and what is dated ahead has happened", async () => {
  const person = await makeProfile(db, { workspaceId: tenant.workspaceId });
  await bought(person.id, 1, { occurredAt: ago(hourMs), id: newId() });
  await bought(person.id, 1, { occurredAt: ago(hourMs + 1), id: newId() });
  await bought(person.id, 1, { occurredAt: ago(400 * 24 * hourMs), id: newId() });
  await bought(person.id, 1, { occurredAt: ago(-23 * hourMs), id: newId() });
  expect(await counts(person.id)).toBe(4);
  expect(await counts(person.id, { within: "PT1H" })).toBe(2);
  expect(await counts(person.id, { within: "P1D" })).toBe(3);
});

test("for any people, histories and rules: what one count after the other would say, up to where the answer is known", async () => {
  const { workspaceId } = tenant;
  const rows = await makeProfiles(
    db,
    tenant,
    Array.from({ length: 4 }, (_, index) => ({ externalId: index < 3 ? `e${index}` : null, traits: { a: index } })),
  );
  const people = rows.map((row, index) => ({ ...row, externalId: index < 3 ? `e${index}` : null }));
  const tombstones = await makeProfiles(
    db,
    tenant,
    people.flatMap(({ id }) => [{ mergedIntoId: id, externalId: null }]),
  );
  const events = fc.sample(
    fc.record({
      whose: fc.integer({ min: 0, max: 7 }),
      name: fc.constantFrom("bought", "viewed", "other"),
      properties,
      occurredAt: fc.constantFrom(0, hourMs, hourMs + 1, 48 * hourMs, 48 * hourMs + 1, -hourMs, 700 * hourMs).map(ago),
    }),
    { numRuns: 160 },
  );
  const owners = [...people, ...tombstones];
  // Past Prisma, which stumbles over a property that is called __proto__.
  await db.sql(
    `insert into events (workspace_id, id, profile_id, name, properties, source, occurred_at)
     select $1, uuid_v7(), e.profile_id, e.name, e.properties, 'server', e.occurred_at
     from unnest($2::uuid[], $3::text[], $4::jsonb[], $5::timestamptz[]) e(profile_id, name, properties, occurred_at)`,
    [
      workspaceId,
      events.map(({ whose }) => owners[whose]?.id),
      events.map(({ name }) => name),
      events.map((event) => JSON.stringify(event.properties)),
      events.map(({ occurredAt }) => occurredAt),
    ],
  );
  const naive = (index: number, asked: PerformedQuery) => {
    const person = people[index];
    if (person === undefined) throw new Error("nobody");
    const traits = person.traits as Record<string, unknown>;
    const profile = profileFields({ ...person, traits });
    const mine = events.filter(({ whose, name, occurredAt, properties: event }) => {
      const inTime = asked.within === null || occurredAt >= ago(asked.within === "PT1H" ? hourMs : 48 * hourMs);
      const fits = asked.where === null || matches(asked.where, { profile, event }, now);
      return whose % 4 === index && name === asked.event && inTime && fits;
    });
    return Math.min(mine.length, asked.countMax);
  };
  await fc.assert(
    fc.asyncProperty(fc.array(performedRules, { minLength: 1, maxLength: 5 }), async (rules) => {
      const queries = rules.flatMap(performedQueries);
      const asks = people.flatMap((person, index) =>
        queries.map((one): PerformedAsk => ({ ref: String(index), profileId: person.id, query: one })),
      );
      const counted = await countPerformed(db, tenant, asks, now);
      for (const { ref, query: asked } of asks)
        expect(counted.get(ref)?.get(asked.key), asked.key).toBe(naive(Number(ref), asked));
    }),
    { numRuns: 60 },
  );
});

test("more questions than a statement takes are answered too", async () => {
  const person = await makeProfile(db, { workspaceId: tenant.workspaceId });
  await bought(person.id, 3, { properties: { n: 1 } });
  const asks = Array.from({ length: 170 }, (_, n): PerformedAsk => {
    const where = { field: "event.n", op: "gte" as const, value: n % 60 };
    return { ref: `r${n}`, profileId: person.id, query: query({ key: "k", where, countMax: 2 + (n % 3) }) };
  });
  const counted = await countPerformed(db, tenant, asks, now);
  expect(asks.map(({ ref }) => counted.get(ref)?.get("k"))).toEqual(
    asks.map((_, n) => (n % 60 <= 1 ? Math.min(3, 2 + (n % 3)) : 0)),
  );
});

/** Pages that a statement touches, and the indexes of `events` that it reads. */
async function costOf(asks: readonly PerformedAsk[]): Promise<{ pages: number; indexes: string[] }> {
  const plans: string[] = [];
  const explaining: Db = {
    prisma: db.prisma,
    sql: async (text, values) => {
      const [row] = await db.sql<{ "QUERY PLAN": unknown }>(`explain (analyze, buffers, format json) ${text}`, values);
      plans.push(JSON.stringify(row?.["QUERY PLAN"]));
      return [];
    },
  };
  await countPerformed(explaining, tenant, asks, now);
  const [plan = ""] = plans;
  const pages = /"Shared Hit Blocks":(\d+)/.exec(plan)?.[1];
  const indexes = [...plan.matchAll(/"Index Name":"(events_[^"]*)"/g)].map((found) => found[1] ?? "");
  return { pages: Number(pages), indexes: [...new Set(indexes)] };
}

test("what counting costs grows neither with what else the person did nor with what others did", async () => {
  const { workspaceId } = tenant;
  const person = await makeProfile(db, { workspaceId });
  await bought(person.id, 5);
  const where = { field: "event.a", op: "not_exists" as const };
  const asks = [query(), query({ within: "P1D" }), query({ where }), query({ where, within: "P30D", countMax: 2 })].map(
    (one, n): PerformedAsk => ({ ref: `${n}`, profileId: person.id, query: { ...one, key: `${n}` } }),
  );
  const fill = (profileIds: string, name: string, rows: number) =>
    db.sql(
      `insert into events (workspace_id, id, profile_id, name, properties, source, occurred_at)
       select $1, uuid_v7(), (${profileIds}), ${name}, '{}', 'server', $2::timestamptz - n * interval '1 second'
       from generate_series(1, ${rows}) n`,
      [workspaceId, now],
    );
  await fill(`'${person.id}'::uuid`, "'viewed'", 500);
  const few = await costOf(asks);
  await fill(`'${person.id}'::uuid`, "'viewed' || n % 50", 15_000);
  await fill("gen_random_uuid()", "'bought'", 15_000);
  await db.sql("analyze events");
  const many = await costOf(asks);
  expect(many.indexes.filter((name) => /profile_id_name_occurred_at/.test(name))).toEqual(many.indexes);
  expect(many.indexes).not.toEqual([]);
  // Deeper indexes, no more.
  expect(many.pages).toBeLessThan(few.pages * 2);
});

describe("at entry", () => {
  const live = (where: object | null, audience: object | null) =>
    makeAutomation(db, {
      workspaceId: tenant.workspaceId,
      definition: {
        trigger: { type: "event", event: "signed_up", where, source: "any" },
        audience,
        reentry: "every_time",
        exit_when: null,
        goal: null,
        steps: [{ id: "end", type: "exit" }],
      },
    });
  const entered = async () => {
    const rows = await db.sql<{ person: string }>(
      `select i.value as person from enrollments e
       join identifiers i on i.workspace_id = $1 and i.profile_id = e.profile_id and i.kind = 'external'
       where e.workspace_id = $1 order by 1`,
      [tenant.workspaceId],
    );
    return rows.map(({ person }) => person);
  };
  const event = (name: string, external_id: string, over: object = {}) => ({ event: name, external_id, ...over });

  test("what a person has done decides, what this very request says they did included", async () => {
    await live(null, { performed: "bought", count: { op: "gte", value: 2 } });
    await sendEvent(actor, event("bought", "u1"));
    await sendEvent(actor, event("signed_up", "u1"));
    expect(await entered()).toEqual([]);
    await sendEvents(actor, { events: [event("signed_up", "u1"), event("bought", "u1"), event("signed_up", "u2")] });
    expect(await entered()).toEqual(["u1"]);
  });

  test("the trigger's own event counts: the second time is the second", async () => {
    await live({ performed: "signed_up", count: { op: "eq", value: 2 } }, null);
    for (let time = 0; time < 4; time++) await sendEvent(actor, event("signed_up", "u1"));
    expect(await entered()).toEqual(["u1"]);
  });

  test("events of long ago count, each question for itself", async () => {
    const big = { field: "event.amount", op: "gte", value: 100 };
    await live(null, {
      all: [{ performed: "bought", where: big, within: "P30D" }, { not: { performed: "bought", where: { not: big } } }],
    });
    const timestamp = ago(20 * 24 * hourMs).toISOString();
    const buy = (external_id: string, amount: number, at = timestamp) =>
      sendEvent(actor, event("bought", external_id, { properties: { amount }, timestamp: at }));
    await buy("old", 100);
    await buy("older", 100, ago(31 * 24 * hourMs).toISOString());
    await buy("small", 100);
    await buy("small", 5);
    for (const person of ["old", "older", "small", "none"]) await sendEvent(actor, event("signed_up", person));
    expect(await entered()).toEqual(["old"]);
  });

  test("what was done before a person was known by name counts once they are", async () => {
    await live(null, { performed: "bought", count: { op: "gte", value: 2 } });
    await sendEvent(actor, { event: "bought", anonymous_id: "a1" });
    await sendEvent(actor, event("bought", "u1"));
    await identify(actor, { anonymous_id: "a1", external_id: "u1", traits: {} });
    await sendEvent(actor, event("signed_up", "u1"));
    expect(await entered()).toEqual(["u1"]);
  });
});
