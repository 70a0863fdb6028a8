import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Condition,
  condition,
  durationMs,
  matches,
  needsProfile,
  type OperatorName,
  operators,
  type PerformedQuery,
  performedQueries,
  profileFields,
  type TimesOperator,
} from "./schema";
import { performedRules, properties, rules } from "./testing/arbitrary";

const now = new Date("2026-11-21T12:00:00Z");
const holds = (op: OperatorName, actual: unknown, value?: unknown) =>
  matches(condition.parse({ field: "profile.x", op, value }), { profile: { x: actual }, event: {} }, now);

describe("each operator means what the contract says", () => {
  test.each<[OperatorName, unknown, unknown, boolean]>([
    ["eq", "pro", "pro", true],
    ["eq", "Pro", "pro", false],
    ["eq", 1, "1", false],
    ["eq", "1", 1, false],
    ["eq", true, true, true],
    ["eq", ["pro"], "pro", false],
    ["neq", "Pro", "pro", true],
    ["neq", "pro", "pro", false],
    ["neq", 1, "1", true],
    ["gt", 2, 1, true],
    ["gt", 1, 1, false],
    ["gt", "2", 1, false],
    ["gte", 1, 1, true],
    ["lt", 0.5, 1, true],
    ["lt", null, 1, false],
    ["lte", 1, 1, true],
    ["lte", [0], 1, false],
    ["contains", "a pro plan", "pro", true],
    ["contains", "a Pro plan", "pro", false],
    ["contains", ["basic", "pro"], "pro", true],
    ["contains", ["a pro plan"], "pro", false],
    ["contains", [1, 2], 2, true],
    ["contains", ["2"], 2, false],
    ["contains", "12", 2, false],
    ["contains", { pro: true }, "pro", false],
    ["not_contains", "a plan", "pro", true],
    ["not_contains", "a pro plan", "pro", false],
    ["not_contains", { pro: true }, "pro", true],
    ["starts_with", "pro plan", "pro", true],
    ["starts_with", "a pro plan", "pro", false],
    ["starts_with", ["pro"], "pro", false],
    ["ends_with", "plan pro", "pro", true],
    ["ends_with", "pro plan", "pro", false],
    ["exists", "", undefined, true],
    ["exists", false, undefined, true],
    ["exists", null, undefined, false],
    ["not_exists", null, undefined, true],
    ["not_exists", 0, undefined, false],
    ["in", "a", ["a", "b"], true],
    ["in", "1", [1], false],
    ["in", ["a"], ["a"], false],
    ["not_in", "c", ["a", "b"], true],
    ["not_in", "a", ["a", "b"], false],
    ["not_in", ["a"], ["a"], true],
    ["before", "2026-11-20", "2026-11-21", true],
    ["before", "2026-11-21T01:00:00+02:00", "2026-11-21", true],
    ["before", "2026-11-21", "2026-11-21", false],
    ["before", "yesterday", "2026-11-21", false],
    ["before", 0, "2026-11-21", false],
    ["after", "2026-11-22", "2026-11-21T23:00:00Z", true],
    ["after", "2026-11-21", "2026-11-21", false],
    ["within_last", "2026-11-20T12:00:00Z", "P1D", true],
    ["within_last", "2026-11-20T11:59:59Z", "P1D", false],
    ["within_last", "2026-11-21T12:00:01Z", "P1D", false],
    ["within_last", "soon", "P1D", false],
    ["more_than_ago", "2026-11-20T11:59:59Z", "P1D", true],
    ["more_than_ago", "2026-11-20T12:00:00Z", "P1D", false],
    ["more_than_ago", 5, "P1D", false],
  ])("%s: %j against %j is %s", (op, actual, value, expected) => expect(holds(op, actual, value)).toBe(expected));
});

const negative: OperatorName[] = ["neq", "not_contains", "not_in", "not_exists"];
const samples: Record<OperatorName, unknown> = {
  eq: "a",
  neq: "a",
  gt: 1,
  gte: 1,
  lt: 1,
  lte: 1,
  contains: "a",
  not_contains: "a",
  starts_with: "a",
  ends_with: "a",
  exists: undefined,
  not_exists: undefined,
  in: ["a"],
  not_in: ["a"],
  before: "2026-01-01",
  after: "2026-01-01",
  within_last: "P1D",
  more_than_ago: "P1D",
};
const names = Object.keys(operators) as OperatorName[];

test.each(names)("%s on a missing field, or a null, is false unless it says what is not so", (op) => {
  expect(
    matches(condition.parse({ field: "profile.nobody", op, value: samples[op] }), { profile: {}, event: {} }, now),
  ).toBe(negative.includes(op));
  expect(holds(op, null, samples[op])).toBe(negative.includes(op));
});

test.each(names.filter((op) => !["exists", "not_exists"].includes(op)))(
  "%s on a field of the wrong type is false unless it says what is not so",
  (op) => expect(holds(op, { a: {} }, samples[op])).toBe(negative.includes(op)),
);

describe("fields", () => {
  const exists = (field: string, context: { profile: Record<string, unknown>; event: Record<string, unknown> }) =>
    matches(condition.parse({ field, op: "exists" }), context, now);

  test("follow dotted paths through objects and array positions, under profile and event alike", () => {
    expect(exists("profile.company.plan", { profile: { company: { plan: "pro" } }, event: {} })).toBe(true);
    expect(exists("event.items.1.sku", { profile: {}, event: { items: [{}, { sku: "b" }] } })).toBe(true);
    expect(exists("event.items.2.sku", { profile: {}, event: { items: [{}, { sku: "b" }] } })).toBe(false);
  });

  test.each([
    "__proto__",
    "constructor",
    "constructor.name",
    "toString",
    "company.__proto__.x",
    "list.length",
    "list.map",
    "word.length",
    "word.0",
    "hasOwnProperty",
  ])("never reach what a value inherits: profile.%s", (path) => {
    const profile = { company: {}, list: [1], word: "x" };
    expect(exists(`profile.${path}`, { profile, event: {} })).toBe(false);
  });

  test("built-in fields cannot be replaced by traits", () => {
    const createdAt = new Date("2026-01-01T00:00:00Z");
    const fields = profileFields({
      id: "p",
      externalId: null,
      createdAt,
      traits: { id: "forged", created_at: 1, external_id: "forged", plan: "pro" },
    });
    expect(fields).toEqual({
      email: null,
      id: "p",
      external_id: null,
      created_at: "2026-01-01T00:00:00.000Z",
      plan: "pro",
    });
  });

  test("tell whether a rule needs the person or the event alone", () => {
    expect(
      needsProfile(
        condition.parse({ any: [{ field: "event.a", op: "exists" }, { not: { field: "profile.a", op: "exists" } }] }),
      ),
    ).toBe(true);
    expect(needsProfile(condition.parse({ all: [{ field: "event.profile.a", op: "exists" }] }))).toBe(false);
  });
});

describe("for any rule and any data", () => {
  const contexts = fc.record({
    profile: properties,
    event: properties,
    performed: fc.constant(new Map<string, number>()),
  });
  const check = (promise: (a: Condition, b: Condition, holds: (rule: Condition) => boolean) => void) =>
    fc.assert(
      fc.property(rules, rules, contexts, (a, b, context) => void promise(a, b, (rule) => matches(rule, context, now))),
      { numRuns: 500 },
    );

  test("not is the complement", () => check((a, _, holds) => expect(holds({ not: a })).toBe(!holds(a))));
  test("De Morgan holds", () =>
    check((a, b, holds) => {
      expect(holds({ not: { all: [a, b] } })).toBe(holds({ any: [{ not: a }, { not: b }] }));
      expect(holds({ not: { any: [a, b] } })).toBe(holds({ all: [{ not: a }, { not: b }] }));
    }));
  test("order within a group does not matter", () =>
    check((a, b, holds) => {
      expect(holds({ all: [a, b] })).toBe(holds({ all: [b, a] }));
      expect(holds({ any: [a, b] })).toBe(holds({ any: [b, a] }));
    }));
  test("a rule survives being stored as JSON", () =>
    check((a) => expect(condition.parse(JSON.parse(JSON.stringify(a)))).toEqual(a)));
});

describe("what was performed", () => {
  type Happened = { name: string; occurredAt: Date; properties: Record<string, unknown> };
  const happenings = fc.array(
    fc.record({
      name: fc.constantFrom("bought", "viewed"),
      properties,
      // Around the edges of the windows, and ahead of our clock.
      occurredAt: fc.constantFrom(0, -3_600_000, -3_600_001, -172_800_000, -172_800_001, 60_000, -5_000_000_000),
    }),
    { maxLength: 6 },
  );
  const count = (events: readonly Happened[], query: PerformedQuery, profile: Record<string, unknown>) => {
    const sinceMs = query.within === null ? Number.NEGATIVE_INFINITY : now.getTime() - durationMs(query.within);
    return events.filter(
      ({ name, occurredAt, properties: event }) =>
        name === query.event &&
        occurredAt.getTime() >= sinceMs &&
        (query.where === null || matches(query.where, { profile, event }, now)),
    ).length;
  };
  const compared: Record<TimesOperator, (times: number, asked: number) => boolean> = {
    gte: (times, asked) => times >= asked,
    gt: (times, asked) => times > asked,
    lte: (times, asked) => times <= asked,
    lt: (times, asked) => times < asked,
    eq: (times, asked) => times === asked,
    neq: (times, asked) => times !== asked,
  };

  test("is judged as if all of it had been counted, though counting stops where the answer is known", () =>
    fc.assert(
      fc.property(performedRules, happenings, properties, (rule, given, profile) => {
        if (!("performed" in rule)) throw new Error("not a rule about what was performed");
        const events = given.map((one) => ({ ...one, occurredAt: new Date(now.getTime() + one.occurredAt) }));
        const [query, ...others] = performedQueries(rule);
        if (query === undefined) throw new Error("a rule asks for nothing");
        expect(others).toEqual([]);
        const all = count(events, query, profile);
        const performed = new Map([[query.key, Math.min(all, query.countMax)]]);
        expect(matches(rule, { profile, event: {}, performed }, now)).toBe(
          compared[rule.count.op](all, rule.count.value),
        );
      }),
      { numRuns: 500 },
    ));

  test("is asked for once however often a rule says it, and under the same key after being stored", () =>
    fc.assert(
      fc.property(rules, (rule) => {
        const keys = performedQueries(rule).map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
        expect(performedQueries({ all: [rule, { not: rule }] }).map(({ key }) => key)).toEqual(keys);
        const stored = condition.parse(JSON.parse(JSON.stringify(rule)));
        expect(performedQueries(stored).map(({ key }) => key)).toEqual(keys);
        if (keys.length > 0) expect(needsProfile(rule)).toBe(true);
      }),
    ));

  test("counts as never where nobody has counted", () => {
    const context = { profile: {}, event: {} };
    expect(matches(condition.parse({ performed: "bought" }), context, now)).toBe(false);
    expect(matches(condition.parse({ performed: "bought", count: { op: "eq", value: 0 } }), context, now)).toBe(true);
  });
});
