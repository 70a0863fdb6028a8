import type { Condition } from "./condition";
import { describeCondition } from "./describe";
import { type ConditionContext, readField } from "./fields";
import { leavesOf } from "./matches";
import { performedQuery } from "./performed";

const charactersMax = 200;
const fieldsMax = 30;

/**
 * The values that conditions looked at, by field, short enough to be kept with a decision. A field without a value is null. What was
 * performed stands under the question's own words, with how often it was counted: no further than the answer needed.
 */
export function looked(conditions: readonly Condition[], context: ConditionContext): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const leaf of conditions.flatMap(leavesOf)) {
    if (values.size >= fieldsMax) break;
    if ("performed" in leaf)
      values.set(brief(describeCondition(leaf)), context.performed?.get(performedQuery(leaf).key) ?? 0);
    else values.set(leaf.field, short(readField(leaf.field, context)));
  }
  return Object.fromEntries(values);
}

/** A value as it is kept with a decision. */
export function short(value: unknown): unknown {
  if (typeof value === "string") return brief(value);
  if (typeof value !== "object" || value === null) return value ?? null;
  const text = JSON.stringify(value);
  return text.length > charactersMax ? brief(text) : value;
}

// A cut may fall within a character, and half of one cannot be stored.
const brief = (text: string): string =>
  text.length > charactersMax ? `${text.slice(0, charactersMax).toWellFormed()}…` : text;
