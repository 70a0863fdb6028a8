import { expect, test } from "vitest";
import { condition, looked, performedQueries } from "./schema";

const parse = (input: unknown) => condition.parse(input);

test("what conditions looked at is kept by field, a field without a value as null", () => {
  const rule = parse({
    all: [
      { field: "profile.plan", op: "eq", value: "pro" },
      { any: [{ field: "event.items.0", op: "exists" }, { not: { field: "profile.gone", op: "exists" } }] },
    ],
  });
  const context = { profile: { plan: "free", other: 1 }, event: { items: [{ sku: "a" }] } };
  expect(looked([rule, rule], context)).toEqual({
    "profile.plan": "free",
    "event.items.0": { sku: "a" },
    "profile.gone": null,
  });
});

test("what was performed is kept under its own words, with how often it was counted", () => {
  const rule = parse({ performed: "bought", count: { op: "gte", value: 3 }, within: "P30D" });
  const performed = new Map(performedQueries(rule).map(({ key }) => [key, 2]));
  expect(looked([rule], { profile: {}, event: {}, performed })).toEqual({
    "performed bought at least 3 times within the last 30 days": 2,
  });
  expect(Object.values(looked([rule], { profile: {}, event: {} }))).toEqual([0]);
});

test("it is bounded, in number and in length, and never ends in half a character", () => {
  const fields = Array.from({ length: 60 }, (_, n) => ({ field: `profile.f${n}`, op: "exists" }));
  expect(Object.keys(looked([parse({ all: fields })], { profile: {}, event: {} }))).toHaveLength(30);
  const long = looked([parse({ field: "profile.a", op: "exists" })], { profile: { a: "😀".repeat(300) }, event: {} });
  const [text] = Object.values(long);
  expect(String(text).length).toBeLessThanOrEqual(201);
  expect(String(text).isWellFormed()).toBe(true);
  const cut = looked([parse({ field: "profile.a", op: "exists" })], {
    profile: { a: `x${"😀".repeat(300)}` },
    event: {},
  });
  expect(String(Object.values(cut)[0]).isWellFormed()).toBe(true);
});
