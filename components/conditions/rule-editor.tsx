"use client";

import { useId } from "react";
import { newComparison, type Rule, suggestedFields, withMember } from "./rule";
import { AddConditions, RuleNode } from "./rule-node";

type Props = {
  /** Where the rule stands in what is edited (`trigger.where`): the names of its fields begin with it. */
  path: string;
  rule: Rule | null;
  onChange: (rule: Rule | null) => void;
  /** What the rule is about, for those who do not see it. */
  label: string;
  /** Said while there is no rule. */
  empty?: string;
  /** A rule that may not be missing: taking out its last condition leaves a fresh one. */
  required?: boolean;
  readOnly?: boolean;
};

/** Builds any rule of the language: comparisons, counts of events, groups of all or any, and their opposites. */
export function RuleEditor({ path, rule, onChange, label, empty, required = false, readOnly = false }: Props) {
  const fieldsId = useId();
  const isGroup = rule !== null && ("all" in rule || "any" in rule);
  const change = (next: Rule | null) => onChange(next === null && required ? newComparison() : next);
  return (
    <fieldset disabled={readOnly} className="min-w-0 space-y-2">
      <legend className="sr-only">{label}</legend>
      <datalist id={fieldsId}>
        {suggestedFields.map((field) => (
          <option key={field} value={field} />
        ))}
        <option value="event." />
      </datalist>
      {rule === null && empty && <p className="text-muted text-sm">{empty}</p>}
      {rule !== null && <RuleNode path={path} rule={rule} onChange={change} fieldsId={fieldsId} label={label} counts />}
      {!isGroup && !readOnly && (
        <div className="-ml-2 flex flex-wrap gap-1">
          <AddConditions counts add={(member) => change(withMember(rule, member))} />
        </div>
      )}
    </fieldset>
  );
}
