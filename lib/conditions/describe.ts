import type { Comparison } from "./comparison";
import type { Condition } from "./condition";
import { describeDuration } from "./duration";
import { operators } from "./operators";
import { type Performed, timesOperators } from "./performed";

/** The rule as an English clause: `plan is "pro" and (event amount is at least 10 or not (country is one of "DE", "AT"))`. */
export function describeCondition(condition: Condition): string {
  if ("all" in condition) return join(condition.all, " and ");
  if ("any" in condition) return join(condition.any, " or ");
  if ("not" in condition) return `not (${describeCondition(condition.not)})`;
  return "performed" in condition ? sayPerformed(condition) : compare(condition);
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

/** `performed order_placed at least 3 times within the last 30 days where (event amount is at least 10)` */
function sayPerformed({ performed, where, count: { op, value }, within }: Performed): string {
  const once = op === "gte" && value === 1;
  const never = ((op === "eq" || op === "lte") && value === 0) || (op === "lt" && value === 1);
  const times = once || never ? "" : ` ${timesOperators[op].label} ${value === 1 ? "once" : `${value} times`}`;
  const window = within === null ? "" : ` within the last ${describeDuration(within)}`;
  const which = where === null ? "" : ` where (${describeCondition(where)})`;
  return `${never ? "never performed" : "performed"} ${performed}${times}${window}${which}`;
}

function sayValue(value: unknown, plain: boolean): string {
  if (Array.isArray(value)) return value.map((member) => sayValue(member, plain)).join(", ");
  return typeof value === "string" && !plain ? `"${value}"` : String(value);
}
