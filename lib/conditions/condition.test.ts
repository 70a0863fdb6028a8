import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { condition, conditionDepthMax, conditionNodesMax, describeCondition } from "./schema";

const problems = (input: unknown) =>
  condition.safeParse(input).error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) ?? [];
const leaf = { field: "profile.plan", op: "eq", value: "pro" };

describe("a mistake in a rule is named where it is", () => {
  test.each<[string, unknown, RegExp]>([
    ["not a condition", 5, /^: A condition is/],
    ["an array", [leaf], /^: A condition is/],
    ["an empty group", { all: [] }, /^all: Add at least one/],
    [
      "an unknown operator, deep inside",
      { all: [leaf, { not: { ...leaf, op: "is" } }] },
      /^all\.1\.not\.op: Choose an operator/,
    ],
    ["a value of the wrong type", { field: "profile.age", op: "gt", value: "3" }, /^value: Give a number/],
    ["a missing field", { op: "exists" }, /^field: A field is/],
    ["a field outside profile and event", { ...leaf, field: "workspace.name" }, /^field: A field is/],
    ["a field of nine parts", { ...leaf, field: "profile.1.2.3.4.5.6.7.8" }, /^field: A field is/],
    ["an empty part", { ...leaf, field: "profile..plan" }, /^field: A field is/],
    ["months in a window", { field: "profile.seen", op: "within_last", value: "P1M" }, /^value: Months and years/],
    [
      "a date that does not exist",
      { field: "profile.seen", op: "before", value: "2026-02-30" },
      /^value: Use an ISO 8601 time/,
    ],
    [
      "a value where none belongs",
      { field: "profile.seen", op: "exists", value: 1 },
      /^value: This operator takes no value/,
    ],
    [
      "performed",
      { all: [{ performed: "signed_up" }] },
      /^all\.0\.performed: .*performed.*not available yet.*later release/,
    ],
    ["in_segment", { in_segment: "x" }, /^in_segment: .*in_segment.*not available yet.*later release/],
  ])("%s", (_, input, message) => expect(problems(input)).toEqual([expect.stringMatching(message)]));

  test("unknown keys are named at their own object", () => {
    const issues = condition.safeParse({ any: [{ ...leaf, valeu: 1 }] }).error?.issues;
    expect(issues).toEqual([expect.objectContaining({ code: "unrecognized_keys", keys: ["valeu"], path: ["any", 0] })]);
  });

  test("all mistakes are told at once", () =>
    expect(problems({ all: [5, { ...leaf, op: "x" }, leaf] })).toHaveLength(2));
});

describe("rules are bounded", () => {
  const nest = (depth: number): unknown => (depth === 1 ? leaf : { not: nest(depth - 1) });

  test("in depth", () => {
    expect(problems(nest(conditionDepthMax))).toEqual([]);
    expect(problems(nest(conditionDepthMax + 1))).toEqual([expect.stringContaining("at most 8 deep")]);
    expect(problems(nest(5_000))).toEqual([expect.stringContaining("at most 8 deep")]);
  });

  test("in number", () => {
    expect(problems({ all: Array.from({ length: conditionNodesMax - 1 }, () => leaf) })).toEqual([]);
    expect(problems({ all: Array.from({ length: conditionNodesMax }, () => leaf) })).toEqual([
      expect.stringContaining("at most 100"),
    ]);
  });
});

test("parsing any JSON at all answers instead of throwing", () => {
  const keys = fc.constantFrom("all", "any", "not", "field", "op", "value", "__proto__");
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue(),
      fc.constantFrom("profile.a", "eq"),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(keys, tie("json"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(fc.property(json, (input) => void expect(typeof condition.safeParse(input).success).toBe("boolean")));
});

test("the rule language can be described as JSON Schema, recursion included", () => {
  const schema = JSON.stringify(
    z.toJSONSchema(z.object({ where: condition.nullable().default(null) }), { io: "input" }),
  );
  expect(schema).toContain("#/$defs/Condition");
});

test.each<[unknown, string]>([
  [leaf, 'plan is "pro"'],
  [{ field: "event.amount", op: "gte", value: 10 }, "event amount is at least 10"],
  [{ field: "profile.seen", op: "more_than_ago", value: "P2D" }, "seen is more than 2 days ago"],
  [{ field: "profile.seen", op: "within_last", value: "PT4H" }, "seen is within the last 4 hours"],
  [{ field: "profile.seen", op: "before", value: "2026-11-21" }, "seen is before 2026-11-21"],
  [{ field: "profile.email", op: "not_exists" }, "email is not set"],
  [
    { all: [leaf, { any: [{ field: "profile.country", op: "in", value: ["DE", "AT"] }, { not: leaf }] }] },
    'plan is "pro" and (country is one of "DE", "AT" or not (plan is "pro"))',
  ],
])("a rule is said in English: %j", (input, sentence) =>
  expect(describeCondition(condition.parse(input))).toBe(sentence),
);
