import type { Comparison, Condition } from "./condition";
import { type ConditionContext, readField } from "./fields";
import { operators } from "./operators";

/** Does the rule hold for this person and event at this moment? Never throws, whatever the context holds. */
export function matches(condition: Condition, context: ConditionContext, now: Date): boolean {
  if ("all" in condition) return condition.all.every((member) => matches(member, context, now));
  if ("any" in condition) return condition.any.some((member) => matches(member, context, now));
  if ("not" in condition) return !matches(condition.not, context, now);
  return compare(condition, readField(condition.field, context), now);
}

/** Does any part of the rule look at the person? Where not, the event alone decides. */
export const needsProfile = (condition: Condition): boolean =>
  comparisonsOf(condition).some(({ field }) => field.startsWith("profile."));

function comparisonsOf(condition: Condition): Comparison[] {
  if ("all" in condition) return condition.all.flatMap(comparisonsOf);
  if ("any" in condition) return condition.any.flatMap(comparisonsOf);
  return "not" in condition ? comparisonsOf(condition.not) : [condition];
}

function compare({ op, value }: Comparison, actual: unknown, now: Date): boolean {
  // Schema and test stand in one row, so a parsed value is of the type that its own operator's test takes.
  const test = operators[op].test as (actual: unknown, value: unknown, now: Date) => boolean;
  return test(actual, value, now);
}
