import type { Comparison, Condition } from "./condition";
import { describeDuration } from "./duration";
import { operators } from "./operators";

/** The rule as an English clause: `plan is "pro" and (event amount is at least 10 or not (country is one of "DE", "AT"))`. */
export function describeCondition(condition: Condition): string {
  if ("all" in condition) return join(condition.all, " and ");
  if ("any" in condition) return join(condition.any, " or ");
  if ("not" in condition) return `not (${describeCondition(condition.not)})`;
  return compare(condition);
}

const join = (members: Condition[], word: string) =>
  members
    .map((member) =>
      isGroup(member) && members.length > 1 ? `(${describeCondition(member)})` : describeCondition(member),
    )
    .join(word);

const isGroup = (condition: Condition) =>
  ("all" in condition && condition.all.length > 1) || ("any" in condition && condition.any.length > 1);

function compare({ field, op, value }: Comparison): string {
  const { label, input } = operators[op];
  const name = field.startsWith("profile.") ? field.slice("profile.".length) : field.replace(/^event\./, "event ");
  if (input === "none") return `${name} ${label}`;
  const words = input === "duration" ? describeDuration(String(value)) : sayValue(value, input === "time");
  return `${name} ${label.includes("…") ? label.replace("…", () => words) : `${label} ${words}`}`;
}

function sayValue(value: unknown, plain: boolean): string {
  if (Array.isArray(value)) return value.map((member) => sayValue(member, plain)).join(", ");
  return typeof value === "string" && !plain ? `"${value}"` : String(value);
}
