import type { Comparison } from "./comparison";
import type { Condition } from "./condition";
import { type ConditionContext, readField } from "./fields";
import { operators } from "./operators";
import { holdsTimes, type Performed, type PerformedQuery, performedQuery } from "./performed";

/**
 * Does the rule hold for this person and event at this moment? Never throws, whatever the context holds. What was performed is looked up in
 * the context under the keys of `performedQueries`; what was not counted has not happened.
 */
export function matches(condition: Condition, context: ConditionContext, now: Date): boolean {
  if ("all" in condition) return condition.all.every((member) => matches(member, context, now));
  if ("any" in condition) return condition.any.some((member) => matches(member, context, now));
  if ("not" in condition) return !matches(condition.not, context, now);
  if ("performed" in condition)
    return holdsTimes(condition, context.performed?.get(performedQuery(condition).key) ?? 0);
  return compare(condition, readField(condition.field, context), now);
}

/** Does any part of the rule look at the person or at what they did? Where not, the event alone decides. */
export const needsProfile = (condition: Condition): boolean =>
  leavesOf(condition).some((leaf) => "performed" in leaf || leaf.field.startsWith("profile."));

/** What has to be counted before the rule can be answered, each question once. */
export function performedQueries(condition: Condition): PerformedQuery[] {
  const queries = leavesOf(condition).flatMap((leaf) => ("performed" in leaf ? [performedQuery(leaf)] : []));
  return [...new Map(queries.map((query) => [query.key, query])).values()];
}

/** All comparisons and `performed` of a rule, whatever groups they stand in. */
export function leavesOf(condition: Condition): (Comparison | Performed)[] {
  if ("all" in condition) return condition.all.flatMap(leavesOf);
  if ("any" in condition) return condition.any.flatMap(leavesOf);
  return "not" in condition ? leavesOf(condition.not) : [condition];
}

function compare({ op, value }: Comparison, actual: unknown, now: Date): boolean {
  // Schema and test stand in one row, so a parsed value is of the type that its own operator's test takes.
  const test = operators[op].test as (actual: unknown, value: unknown, now: Date) => boolean;
  return test(actual, value, now);
}
