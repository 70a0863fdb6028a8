import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { db } from "../db";
import { instantMs } from "./instant";
import { condition, conditionSql, matches, type OperatorName, operators, type PlainCondition } from "./schema";
import { plainRules, properties } from "./testing/arbitrary";

const now = new Date("2026-11-21T12:00:00Z");
const texts = [
  "",
  "a",
  "b",
  "A",
  "pro plan",
  "a pro plan",
  "1",
  "true",
  "null",
  "'; drop table profiles; --",
  "%",
  "_",
  "ä",
  "😀",
  "\\",
];
const times = [
  "2026-11-21",
  "2026-11-20T12:00:00Z",
  "2026-11-20T11:59:59.999Z",
  "2026-11-21T12:00:00.001Z",
  "2026-11-21T01:00:00+02:00",
  "2026-11-21 09:30:00",
  "2026-11-21T09:30",
  "2026-02-30",
  "2026-11-21T24:00Z",
  "2026-11-21T10:00:60Z",
  "yesterday",
];
const actuals: unknown[] = [
  undefined,
  null,
  ...texts,
  ...times,
  0,
  -1,
  1,
  1.5,
  2,
  true,
  false,
  [],
  {},
  ["a"],
  ["a pro plan"],
  [["a"]],
  [1, "1", true],
  [null],
  { a: 1 },
  [{ a: 1 }],
];
const values: Record<(typeof operators)[OperatorName]["input"], unknown[]> = {
  scalar: [...texts.filter((text) => text !== ""), 0, 1, 1.5, true, false],
  number: [-1, 0, 1, 1.5],
  text: texts.filter((text) => text !== ""),
  list: [["a"], [1, "b"], [true, "1"], ["", 0]],
  time: times.filter((time) => operators.before.value.safeParse(time).success),
  duration: ["PT0S", "P1D", "P2W"],
  none: [undefined],
};

describe("each operator means the same in PostgreSQL as in memory", () => {
  test.each(Object.keys(operators) as OperatorName[])("%s", async (op) => {
    for (const value of values[operators[op].input]) {
      const rule = condition.parse({ field: "profile.x", op, value });
      const expected = actuals.map((x) => matches(rule, { profile: { x }, event: {} }, now));
      expect(await inDatabase(op, value), `${op} ${JSON.stringify(value)}`).toEqual(expected);
    }
  });
});

async function inDatabase(op: OperatorName, value: unknown): Promise<unknown[]> {
  const parameters: unknown[] = [actuals.map((x) => JSON.stringify({ x }))];
  const bind = (parameter: unknown) => `$${parameters.push(parameter)}`;
  // As in matches(): the value was parsed by the operator's own schema.
  const sql = operators[op].sql as (input: { actual: string; value: unknown; bind: typeof bind; now: Date }) => string;
  const test = sql({ actual: "(person.traits #> '{x}')", value, bind, now });
  const rows = await db.sql<{ holds: unknown }>(
    `select ${test} as holds from unnest($1::jsonb[]) with ordinality person(traits, position) order by position`,
    parameters,
  );
  return rows.map(({ holds }) => holds);
}

test("any rule about one event means the same in PostgreSQL as in memory, whatever it looks at", async () => {
  const contexts = fc.sample(fc.record({ profile: properties, event: properties }), { numRuns: 60, seed: 1 });
  // Rules that are plain by how they are made.
  const rules = plainRules.map((rule) => condition.parse(rule) as PlainCondition);
  await fc.assert(
    fc.asyncProperty(rules, async (rule) => {
      const parameters: unknown[] = [contexts.map((one) => JSON.stringify(one))];
      const bind = (parameter: unknown) => `$${parameters.push(parameter)}`;
      const holds = conditionSql(rule, { profile: "(c -> 'profile')", event: "(c -> 'event')", bind, now });
      const rows = await db.sql<{ holds: unknown }>(
        `select ${holds} as holds from unnest($1::jsonb[]) with ordinality u(c, position) order by position`,
        parameters,
      );
      expect(rows.map((row) => row.holds)).toEqual(contexts.map((one) => matches(rule, one, now)));
    }),
    { numRuns: 300 },
  );
});

test("a text names the same moment in PostgreSQL as in memory", async () => {
  const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, "0"));
  const zone = fc.oneof(
    fc.constantFrom("Z", "", "z", " "),
    fc.tuple(fc.constantFrom("+", "-"), two(17), fc.constantFrom(":", ""), two(70)).map((parts) => parts.join("")),
  );
  const fraction = fc.oneof(fc.constant(""), fc.stringMatching(/^\.[0-9]{0,10}$/));
  const text = fc.oneof(
    fc
      .tuple(fc.constantFrom("2024", "2026", "1900", "2000", "0999", "9999"), two(14), two(33))
      .map((parts) => parts.join("-")),
    fc
      .tuple(
        fc.constantFrom("2024-02-29", "2023-02-29", "2026-11-21", "2026-12-31"),
        fc.constantFrom("T", " ", "t"),
        two(25),
        two(61),
        two(61),
        fraction,
        zone,
      )
      .map(([date, t, hour, minute, second, part, offset]) => `${date}${t}${hour}:${minute}:${second}${part}${offset}`),
    fc.tuple(two(25), two(61), zone).map(([hour, minute, offset]) => `2026-11-21T${hour}:${minute}${offset}`),
    fc.constantFrom("2026-11-21\n", "2026-11-21T10:00:00Z\n", "٢٠٢٦-11-21", "2026-11-21T٠٩:00Z"),
  );
  const texts = fc.sample(text, { numRuns: 3_000, seed: 7 });
  const rows = await db.sql<{ ms: string | null }>(
    "select (extract(epoch from instant(t)) * 1000)::text as ms from unnest($1::text[]) with ordinality u(t, n) order by n",
    [texts],
  );
  const differing = texts.flatMap((given, index) => {
    const [mine, theirs] = [instantMs(given), rows[index]?.ms ?? null];
    return mine === (theirs === null ? null : Number(theirs)) ? [] : [{ given, mine, theirs }];
  });
  expect(differing).toEqual([]);
  expect(rows.filter(({ ms }) => ms !== null).length).toBeGreaterThan(300);
});
