import {
  condition,
  describeCondition,
  type OperatorName,
  operators,
  type TimesOperator,
} from "@/lib/conditions/schema";

/** A comparison while it is being typed: the value may not fit its operator yet. */
export type ComparisonDraft = { field: string; op: OperatorName; value?: unknown };
/** How often somebody did something, while it is being typed: the number is a text while it is none. */
export type PerformedDraft = {
  performed: string;
  where: Rule | null;
  count: { op: TimesOperator; value: unknown };
  within: string | null;
};
/** A rule while it is being built. Any `Condition` is one. */
export type Rule = { all: Rule[] } | { any: Rule[] } | { not: Rule } | ComparisonDraft | PerformedDraft;
export type GroupKind = "all" | "any";

export const newPerformed = (): PerformedDraft => ({
  performed: "",
  where: null,
  count: { op: "gte", value: 1 },
  within: null,
});

export const newComparison = (): ComparisonDraft => ({ field: "", op: "eq", value: "" });

/** What can be asked of every person; others are typed freely. */
export const suggestedFields = [
  "profile.email",
  "profile.first_name",
  "profile.last_name",
  "profile.plan",
  "profile.timezone",
  "profile.external_id",
  "profile.created_at",
  "profile.id",
];

/** A group's members, whichever kind it is; null for what is no group. */
export function groupOf(rule: Rule): { kind: GroupKind; members: Rule[] } | null {
  if ("all" in rule) return { kind: "all", members: rule.all };
  if ("any" in rule) return { kind: "any", members: rule.any };
  return null;
}

export const group = (kind: GroupKind, members: Rule[]): Rule => (kind === "all" ? { all: members } : { any: members });

/** One more condition beside what is there: in the group that it is, else in a new one that asks for both. */
export function withMember(rule: Rule | null, member: Rule): Rule {
  if (rule === null) return member;
  const found = groupOf(rule);
  return found ? group(found.kind, [...found.members, member]) : { all: [rule, member] };
}

/** Puts another rule in a member's place, or takes it out. A group without members is gone itself. */
export function changeMember(rule: Rule, index: number, next: Rule | null): Rule | null {
  const found = groupOf(rule);
  if (found === null) return rule;
  const members = found.members.flatMap((member, at) => (at === index ? (next === null ? [] : [next]) : [member]));
  return members.length === 0 ? null : group(found.kind, members);
}

/** The same comparison with another operator, its value carried over as far as it has a meaning there. */
export function withOperator({ field, value }: ComparisonDraft, op: OperatorName): ComparisonDraft {
  const { input } = operators[op];
  if (input === "none") return { field, op };
  if (operators[op].value.safeParse(value).success && value !== undefined) return { field, op, value };
  const single = Array.isArray(value) ? value[0] : value;
  const text = typeof single === "string" || typeof single === "number" ? String(single) : "";
  switch (input) {
    case "scalar":
      return { field, op, value: typeof single === "number" || typeof single === "boolean" ? single : text };
    case "number":
      return { field, op, value: readNumber(text) ?? text };
    case "list":
      return { field, op, value: [typeof single === "number" || typeof single === "boolean" ? single : text] };
    case "duration":
      return { field, op, value: "P30D" };
    case "text":
      return { field, op, value: text };
    case "time":
      return { field, op, value: "" };
  }
}

/** A finite number as people type it; null for anything else. */
export function readNumber(text: string): number | null {
  const trimmed = text.trim();
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return null;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : null;
}

/** A rule as a clause, for headings. */
export function ruleWords(rule: Rule): string {
  const parsed = condition.safeParse(rule);
  return parsed.success ? describeCondition(parsed.data) : "a condition that is not complete yet";
}
