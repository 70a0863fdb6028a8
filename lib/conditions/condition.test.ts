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
    ["an event that no event is called", { all: [{ performed: "Signed up" }] }, /^all\.0\.performed: An event name is/],
    [
      "a mistake about the events that are counted",
      { performed: "bought", where: { all: [{ field: "event.amount", op: "gt", value: "3" }] } },
      /^where\.all\.0\.value: Give a number/,
    ],
    [
      "performed inside performed",
      { performed: "bought", where: { not: { performed: "signed_up" } } },
      /^where\.not\.performed: Inside “performed”/,
    ],
    ["a word where a rule belongs", { performed: "bought", where: "big" }, /^where: A condition is/],
    ["an unknown way to compare", { performed: "bought", count: { op: "in", value: 1 } }, /^count\.op: Choose how to/],
    ["a number in place of a count", { performed: "bought", count: 3 }, /^count: Say how often/],
    ["half a time", { performed: "bought", count: { op: "gte", value: 1.5 } }, /^count\.value: Give a whole number/],
    ["less than never", { performed: "bought", count: { op: "gte", value: -1 } }, /^count\.value: Give a whole number/],
    ["too many times", { performed: "bought", count: { op: "gt", value: 10_001 } }, /^count\.value: Give a whole/],
    ["months in performed", { performed: "bought", within: "P1M" }, /^within: Months and years/],
    ["in_segment", { in_segment: "x" }, /^in_segment: .*in_segment.*not available yet.*later release/],
  ])("%s", (_, input, message) => expect(problems(input)).toEqual([expect.stringMatching(message)]));

  test("unknown keys are named at their own object", () => {
    const issues = condition.safeParse({ any: [{ ...leaf, valeu: 1 }] }).error?.issues;
    expect(issues).toEqual([expect.objectContaining({ code: "unrecognized_keys", keys: ["valeu"], path: ["any", 0] })]);
  });

  test("unknown keys of performed too", () => {
    const issues = condition.safeParse({ all: [{ performed: "bought", times: 3 }] }).error?.issues;
    expect(issues).toEqual([expect.objectContaining({ code: "unrecognized_keys", keys: ["times"], path: ["all", 0] })]);
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

  test("in depth, what is asked of counted events included", () => {
    const inside = (depth: number) => ({ performed: "bought", where: nest(depth) });
    expect(problems(inside(conditionDepthMax - 1))).toEqual([]);
    expect(problems(inside(conditionDepthMax))).toEqual([expect.stringContaining("at most 8 deep")]);
  });

  test("in number", () => {
    expect(problems({ all: Array.from({ length: conditionNodesMax - 1 }, () => leaf) })).toEqual([]);
    expect(problems({ all: Array.from({ length: conditionNodesMax }, () => leaf) })).toEqual([
      expect.stringContaining("at most 100"),
    ]);
  });
});

test("performed asks for at least once, ever, of any such event, unless it says otherwise", () =>
  expect(condition.parse({ performed: "bought" })).toEqual({
    performed: "bought",
    where: null,
    count: { op: "gte", value: 1 },
    within: null,
  }));

test("parsing any JSON at all answers instead of throwing", () => {
  const keys = fc.constantFrom("all", "any", "not", "performed", "where", "count", "field", "op", "value", "__proto__");
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue(),
      fc.constantFrom("profile.a", "eq", "bought"),
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
  [{ performed: "bought" }, "performed bought"],
  [{ performed: "bought", count: { op: "eq", value: 0 } }, "never performed bought"],
  [{ performed: "bought", count: { op: "lt", value: 1 } }, "never performed bought"],
  [{ performed: "bought", count: { op: "lte", value: 1 } }, "performed bought at most once"],
  [
    {
      any: [
        {
          performed: "bought",
          count: { op: "gte", value: 3 },
          within: "P30D",
          where: { field: "event.amount", op: "gte", value: 10 },
        },
        leaf,
      ],
    },
    'performed bought at least 3 times within the last 30 days where (event amount is at least 10) or plan is "pro"',
  ],
])("a rule is said in English: %j", (input, sentence) =>
  expect(describeCondition(condition.parse(input))).toBe(sentence),
);
