"use client";

import { DoorOpen, Plus, Trash2 } from "lucide-react";
import { EventInput } from "@/components/conditions/event-input";
import { Problem } from "@/components/conditions/problem";
import { ruleWords } from "@/components/conditions/rule";
import { RuleEditor } from "@/components/conditions/rule-editor";
import { Field } from "@/components/form/field";
import { Button } from "@/components/ui/button";
import { exitRulesMax } from "@/lib/automations/schema";
import { useBuilder } from "./builder-context";
import type { DraftExit } from "./draft";
import { freshKey } from "./draft-tree";
import { Fields } from "./fields";
import { FlowCard } from "./flow-card";

/** The events that end a run, wherever it stands. */
export function ExitRulesCard() {
  const { draft, change, readOnly, show } = useBuilder();
  const rules = draft.exit_when ?? [];
  const setRules = (next: DraftExit[]) => change((now) => ({ ...now, exit_when: next.length === 0 ? null : next }));
  const add = () => {
    setRules([...rules, { key: freshKey(draft), event: "", where: null }]);
    show(`exit_when.${rules.length}.event`);
  };
  return (
    <FlowCard
      part="exit_when"
      path="exit_when"
      icon={DoorOpen}
      title="Exit rules"
      label="Exit rules"
      summary={exitWords(rules)}
    >
      <div className="space-y-4">
        <p className="text-muted text-sm">
          {rules.length === 0 && "Nobody leaves early. "}
          Whoever does one of these leaves at once, wherever they stand, even while it is paused; what is queued for
          them is not sent.
        </p>
        {rules.map((rule, index) => (
          <ExitRuleFields
            key={rule.key}
            path={`exit_when.${index}`}
            number={index + 1}
            rule={rule}
            set={(next) => setRules(rules.map((one) => (one.key === rule.key ? next : one)))}
            remove={() => setRules(rules.filter(({ key }) => key !== rule.key))}
          />
        ))}
        <Problem path="exit_when" />
        {!readOnly && rules.length < exitRulesMax && (
          <Button size="sm" onClick={add}>
            <Plus aria-hidden /> Add exit rule
          </Button>
        )}
      </div>
    </FlowCard>
  );
}

type RuleProps = {
  path: string;
  number: number;
  rule: DraftExit;
  set: (rule: DraftExit) => void;
  remove: () => void;
};

function ExitRuleFields({ path, number, rule, set, remove }: RuleProps) {
  const { readOnly } = useBuilder();
  return (
    <fieldset data-path={path} className="min-w-0 space-y-2 rounded-md border border-line p-2 sm:p-3">
      <legend className="sr-only">{`Exit rule ${number}`}</legend>
      <div className="flex items-start gap-1">
        <div className="min-w-0 flex-1">
          <Fields className="max-w-md">
            <Field name={`${path}.event`} label="Event">
              <EventInput
                value={rule.event}
                placeholder="account_deleted"
                onValueChange={(event) => set({ ...rule, event })}
              />
            </Field>
          </Fields>
        </div>
        {!readOnly && (
          <Button variant="ghost" size="icon" aria-label={`Delete exit rule ${number}`} onClick={remove}>
            <Trash2 />
          </Button>
        )}
      </div>
      <p className="font-medium text-sm">Only if</p>
      <RuleEditor
        path={`${path}.where`}
        label={`Conditions of exit rule ${number}`}
        empty="Any such event ends the run. Conditions can look at that event (event.reason) and the person."
        rule={rule.where}
        onChange={(where) => set({ ...rule, where })}
        readOnly={readOnly}
      />
    </fieldset>
  );
}

/** The rules in one line: `Leaves on account_deleted, or on refunded if event amount is at least 10`. */
function exitWords(rules: readonly DraftExit[]): string {
  if (rules.length === 0) return "Nobody leaves early";
  const each = rules.map(({ event, where }) => `on ${event || "…"}${where === null ? "" : ` if ${ruleWords(where)}`}`);
  return `Leaves ${each.join(", or ")}`;
}
