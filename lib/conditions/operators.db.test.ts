import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { db } from "../db";
import { condition, matches, type OperatorName, operators } from "./schema";

/** What the operators on times expect of the database. */
const instant = `
create function instant(value text) returns timestamptz language plpgsql immutable strict as $$
begin
  if value ~ '^[1-9]\\d{3}-\\d\\d-\\d\\d$' then return (value || 'T00:00Z')::timestamptz; end if;
  if value !~ '^[1-9]\\d{3}-\\d\\d-\\d\\d[T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?(Z|[+-](0\\d|1[0-5]):?[0-5]\\d)?$' then return null; end if;
  if value ~ '(Z|[+-]\\d\\d:?\\d\\d)$' then return value::timestamptz; end if;
  return (value || 'Z')::timestamptz;
exception when datetime_field_overflow then return null;
end $$`;

beforeAll(() => db.sql(instant));
afterAll(() => db.sql("drop function instant(text)"));

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
