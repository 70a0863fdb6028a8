import { type Condition, type ConditionContext, readField } from "../conditions/schema";

const charactersMax = 200;
const fieldsMax = 30;

/** The values that conditions looked at, by field, short enough to be kept with a decision. A field without a value is null. */
export function looked(conditions: readonly Condition[], context: ConditionContext): Record<string, unknown> {
  const fields = [...new Set(conditions.flatMap(fieldsOf))].slice(0, fieldsMax);
  return Object.fromEntries(fields.map((field) => [field, brief(readField(field, context))]));
}

function fieldsOf(condition: Condition): string[] {
  if ("all" in condition) return condition.all.flatMap(fieldsOf);
  if ("any" in condition) return condition.any.flatMap(fieldsOf);
  return "not" in condition ? fieldsOf(condition.not) : [condition.field];
}

function brief(value: unknown): unknown {
  if (typeof value === "string") return value.length > charactersMax ? `${value.slice(0, charactersMax)}…` : value;
  if (typeof value !== "object" || value === null) return value ?? null;
  const text = JSON.stringify(value);
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : value;
}
