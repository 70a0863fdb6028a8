import * as z from "zod";
import { durationMs, readDuration } from "./duration";
import { instantMs } from "./instant";

/** What the rule builder offers for typing the value in. */
export type ValueInput = "scalar" | "number" | "text" | "list" | "time" | "duration" | "none";

/** `actual` is an SQL expression of type jsonb (the field, null where it is missing); `bind` takes a parameter and gives its placeholder. */
type SqlInput<V> = { actual: string; value: V; bind: (parameter: unknown) => string; now: Date };

type Row<V, S extends z.ZodType<V> = z.ZodType<V>> = {
  /** For people; "…" marks where the value stands, else it follows. */
  label: string;
  input: ValueInput;
  value: S;
  test: (actual: unknown, value: V, now: Date) => boolean;
  /** The same test as a boolean SQL expression, never null and never an error. Values only ever travel as parameters. */
  sql: (input: SqlInput<V>) => string;
};

const row = <V, S extends z.ZodType<V> = z.ZodType<V>>(row: Row<V, S>): Row<V, S> => row;

/** The same row, the other way round: what `is missing` or `has another type` makes false there is true here. */
const complement = <V, S extends z.ZodType<V>>(label: string, of: Row<V, S>): Row<V, S> => ({
  ...of,
  label,
  test: (actual, value, now) => !of.test(actual, value, now),
  sql: (input) => `(not ${of.sql(input)})`,
});

export type Scalar = string | number | boolean;
const isScalar = (value: unknown): value is Scalar => ["string", "number", "boolean"].includes(typeof value);

const text = z.string().min(1, "Type a value.").max(1_000);
const scalar = z.union([z.string().max(1_000), z.number(), z.boolean()], "Give a text, a number, true or false.");
const list = z.array(scalar).min(1, "List at least one value.").max(100, "List at most 100 values.");
const time = z
  .string()
  .refine((value) => instantMs(value) !== null, "Use an ISO 8601 time such as 2026-11-21 or 2026-11-21T09:00:00Z.");
const nothing = z.null("This operator takes no value.").optional();

/** An ISO 8601 duration (weeks, days, hours, minutes, seconds; at most five years). */
export const duration = z
  .string()
  .superRefine((value, ctx) => {
    const reading = readDuration(value);
    if ("problem" in reading) ctx.addIssue({ code: "custom", message: reading.problem });
  })
  .meta({ format: "duration", examples: ["PT4H", "P2D"] });

const when = (type: string, actual: string, then: string) =>
  `(case when jsonb_typeof(${actual}) = '${type}' then ${then} else false end)`;
const json = (value: unknown) => JSON.stringify(value);

const number = (label: string, symbol: ">" | ">=" | "<" | "<=", test: (actual: number, value: number) => boolean) =>
  row<number>({
    label,
    input: "number",
    value: z.number("Give a number."),
    test: (actual, value) => typeof actual === "number" && test(actual, value),
    sql: ({ actual, value, bind }) => when("number", actual, `${actual} ${symbol} ${bind(json(value))}::jsonb`),
  });

const eq = row<Scalar>({
  label: "is",
  input: "scalar",
  value: scalar,
  test: (actual, value) => actual === value,
  sql: ({ actual, value, bind }) => `coalesce(${actual} = ${bind(json(value))}::jsonb, false)`,
});

const contains = row<Scalar>({
  label: "contains",
  input: "scalar",
  value: z.union([text, z.number(), z.boolean()], "Give a text, a number, true or false."),
  test: (actual, value) => {
    if (Array.isArray(actual)) return actual.includes(value);
    return typeof actual === "string" && typeof value === "string" && actual.includes(value);
  },
  sql: ({ actual, value, bind }) => {
    const inText =
      typeof value === "string"
        ? when("string", actual, `strpos(${actual} #>> '{}', ${bind(value)}::text) > 0`)
        : "false";
    return `(${inText} or ${when("array", actual, `${actual} @> ${bind(json(value))}::jsonb`)})`;
  },
});

const exists = row<null | undefined, typeof nothing>({
  label: "is set",
  input: "none",
  value: nothing,
  test: (actual) => actual !== undefined && actual !== null,
  sql: ({ actual }) => `coalesce(jsonb_typeof(${actual}) <> 'null', false)`,
});

const isOneOf = row<Scalar[]>({
  label: "is one of",
  input: "list",
  value: list,
  test: (actual, value) => isScalar(actual) && value.includes(actual),
  sql: ({ actual, value, bind }) =>
    `(case when jsonb_typeof(${actual}) in ('string', 'number', 'boolean') then ${bind(json(value))}::jsonb @> ${actual} else false end)`,
});

/** SQL for a field that holds a time: instant(text), of the migration of the entries, says what instant.ts says, null where the text is no time. */
const sqlTime = (actual: string) => `instant(case when jsonb_typeof(${actual}) = 'string' then ${actual} #>> '{}' end)`;
const ago = (value: string, now: Date) => new Date(now.getTime() - durationMs(value));

/** Each operator of the rule language in one row. A missing or differently typed field makes the test false, in a `complement` true. */
export const operators = {
  eq,
  neq: complement("is not", eq),
  gt: number("is more than", ">", (actual, value) => actual > value),
  gte: number("is at least", ">=", (actual, value) => actual >= value),
  lt: number("is less than", "<", (actual, value) => actual < value),
  lte: number("is at most", "<=", (actual, value) => actual <= value),
  contains,
  not_contains: complement("does not contain", contains),
  starts_with: row<string>({
    label: "starts with",
    input: "text",
    value: text,
    test: (actual, value) => typeof actual === "string" && actual.startsWith(value),
    sql: ({ actual, value, bind }) => when("string", actual, `starts_with(${actual} #>> '{}', ${bind(value)}::text)`),
  }),
  ends_with: row<string>({
    label: "ends with",
    input: "text",
    value: text,
    test: (actual, value) => typeof actual === "string" && actual.endsWith(value),
    sql: ({ actual, value, bind }) => {
      const end = `${bind(value)}::text`;
      return when("string", actual, `right(${actual} #>> '{}', length(${end})) = ${end}`);
    },
  }),
  exists,
  not_exists: complement("is not set", exists),
  in: isOneOf,
  not_in: complement("is none of", isOneOf),
  before: row<string>({
    label: "is before",
    input: "time",
    value: time,
    test: (actual, value) => compare(actual, instantMs(value), (difference) => difference < 0),
    sql: ({ actual, value, bind }) => `coalesce(${sqlTime(actual)} < ${bind(moment(value))}::timestamptz, false)`,
  }),
  after: row<string>({
    label: "is after",
    input: "time",
    value: time,
    test: (actual, value) => compare(actual, instantMs(value), (difference) => difference > 0),
    sql: ({ actual, value, bind }) => `coalesce(${sqlTime(actual)} > ${bind(moment(value))}::timestamptz, false)`,
  }),
  within_last: row<string>({
    label: "is within the last",
    input: "duration",
    value: duration,
    test: (actual, value, now) =>
      compare(actual, ago(value, now).getTime(), (difference) => difference >= 0) &&
      compare(actual, now.getTime(), (difference) => difference <= 0),
    sql: ({ actual, value, bind, now }) =>
      `coalesce(${sqlTime(actual)} between ${bind(ago(value, now))}::timestamptz and ${bind(now)}::timestamptz, false)`,
  }),
  more_than_ago: row<string>({
    label: "is more than … ago",
    input: "duration",
    value: duration,
    test: (actual, value, now) => compare(actual, ago(value, now).getTime(), (difference) => difference < 0),
    sql: ({ actual, value, bind, now }) =>
      `coalesce(${sqlTime(actual)} < ${bind(ago(value, now))}::timestamptz, false)`,
  }),
} as const;

export type OperatorName = keyof typeof operators;

function compare(actual: unknown, thenMs: number | null, test: (differenceMs: number) => boolean): boolean {
  const actualMs = instantMs(actual);
  return actualMs !== null && thenMs !== null && test(actualMs - thenMs);
}

const moment = (value: string) => new Date(instantMs(value) ?? Number.NaN);
