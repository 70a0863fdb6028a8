import fc from "fast-check";
import { type Condition, condition, type OperatorName, operators, type TimesOperator, timesOperators } from "../schema";

const word = fc.constantFrom("a", "b", "plan", "2026-11-21", "2026-11-20T12:00:00Z", "");
const value = {
  scalar: fc.oneof(
    word.filter((text) => text !== ""),
    fc.integer({ min: -2, max: 2 }),
    fc.boolean(),
  ),
  number: fc.integer({ min: -2, max: 2 }),
  text: fc.constantFrom("a", "2026", "plan"),
  time: fc.constantFrom("2026-11-21", "2026-11-20T12:00:00Z"),
  duration: fc.constantFrom("PT1H", "P2D"),
  none: fc.constant(undefined),
};

/** Fields that exist now and then, and some whose parts other languages read differently from ours. */
const fields = fc.constantFrom(
  ...["profile.a", "profile.a.b", "event.a", "event.b.0", "event.b.-1", "event.b.00", "event.a. 0", "event.__proto__"],
);
const comparison = fc.constantFrom(...(Object.keys(operators) as OperatorName[])).chain((op) => {
  const { input } = operators[op];
  const given = input === "list" ? fc.array(value.scalar, { minLength: 1, maxLength: 3 }) : value[input];
  return fc.record({ field: fields, op: fc.constant(op), value: given });
});

const joined = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({
    rule: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      leaf,
      fc.record({ all: fc.array(tie("rule"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ any: fc.array(tie("rule"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ not: tie("rule") }),
    ),
  })).rule;

/** Rules about the fields of `contexts` alone. */
export const plainRules = joined(comparison);

/** `performed` about events of a few names. */
export const performedRules = fc
  .record({
    performed: fc.constantFrom("bought", "viewed"),
    where: fc.option(plainRules),
    count: fc.record({
      op: fc.constantFrom(...(Object.keys(timesOperators) as TimesOperator[])),
      value: fc.integer({ min: 0, max: 4 }),
    }),
    within: fc.constantFrom(null, "PT1H", "P2D"),
  })
  .map((rule) => condition.parse(rule));

/** Any rule at all. */
export const rules: fc.Arbitrary<Condition> = joined(
  fc.oneof({ weight: 3, arbitrary: comparison }, { weight: 1, arbitrary: performedRules }),
).map((rule) => condition.parse(rule));

/** Data in which those fields may be found, as it comes out of JSON. */
const data = fc.oneof(
  word,
  fc.jsonValue().filter((json) => !JSON.stringify(json).includes("\\u0000")),
  fc.record({ b: fc.oneof(word, fc.integer({ min: -2, max: 2 })) }),
  fc.array(fc.oneof(word, fc.integer({ min: -2, max: 2 })), { maxLength: 2 }),
);
const asJson = <T>(record: fc.Arbitrary<T>) => record.map((given): T => JSON.parse(JSON.stringify(given)));
/** What a profile or an event holds. */
export const properties = asJson(fc.dictionary(fc.constantFrom("a", "b", "__proto__"), data));
