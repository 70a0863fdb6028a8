import * as z from "zod";
import { type PlainCondition, plainCondition } from "./comparison";
import { duration } from "./operators";

/** What an event is called: a lower-case letter, then up to 63 lower-case letters, digits and underscores. */
export const eventName = z
  .string("Name the event.")
  .regex(
    /^[a-z][a-z0-9_]{0,63}$/,
    "An event name is a lower-case letter, then up to 63 lower-case letters, digits and underscores.",
  );

/** The largest number of times that a rule may ask for. */
const timesMax = 10_000;

/** `countMax`: how far it has to be counted to know the answer, so that a busy person costs no more than the question. */
type TimesRow = {
  label: string;
  test: (times: number, value: number) => boolean;
  countMax: (value: number) => number;
};

/** Each way to compare how often something happened, in one row. */
export const timesOperators = {
  gte: { label: "at least", test: (times, value) => times >= value, countMax: (value) => value },
  gt: { label: "more than", test: (times, value) => times > value, countMax: (value) => value + 1 },
  lte: { label: "at most", test: (times, value) => times <= value, countMax: (value) => value + 1 },
  lt: { label: "fewer than", test: (times, value) => times < value, countMax: (value) => value },
  eq: { label: "exactly", test: (times, value) => times === value, countMax: (value) => value + 1 },
  neq: { label: "not exactly", test: (times, value) => times !== value, countMax: (value) => value + 1 },
} as const satisfies Record<string, TimesRow>;
export type TimesOperator = keyof typeof timesOperators;

const timesNames: [TimesOperator, ...TimesOperator[]] = ["gte", "gt", "lte", "lt", "eq", "neq"];
const wholeNumber = `Give a whole number from 0 to ${timesMax}.`;
const count = z
  .strictObject(
    {
      op: z.enum(timesNames, `Choose how to compare: ${timesNames.join(", ")}.`),
      value: z.int(wholeNumber).min(0, wholeNumber).max(timesMax, wholeNumber),
    },
    "Say how often, as in {op: “gte”, value: 1}.",
  )
  .default({ op: "gte", value: 1 });

const around = <W extends z.ZodType>(where: W) =>
  z.strictObject({ performed: eventName, where, count, within: duration.nullable().default(null) });

/**
 * How often a person has done something. `where` is about each of those events (`event.`) and the person; `within` reaches back from now by
 * the time at which an event happened. What a sender's clock dates ahead of ours has happened too.
 */
export const performed = around(plainCondition.nullable().default(null));
export type Performed = z.infer<typeof performed>;
/** The same with its `where` unread. */
export const shallowPerformed = around(z.unknown().optional());

/** What has to be counted to answer a `performed`. Equal questions have equal keys. */
export type PerformedQuery = {
  key: string;
  event: string;
  where: PlainCondition | null;
  within: string | null;
  /** Counting stops here. */
  countMax: number;
};

export function performedQuery({ performed: event, where, within, count: { op, value } }: Performed): PerformedQuery {
  const countMax = timesOperators[op].countMax(value);
  return { key: JSON.stringify([event, where, within, countMax]), event, where, within, countMax };
}

/** Does the count hold? `times` need not be more than the query's `countMax`. */
export const holdsTimes = ({ count: { op, value } }: Performed, times: number): boolean =>
  timesOperators[op].test(times, value);
