"use client";

import { UserCheck, Zap } from "lucide-react";
import { EventInput } from "@/components/conditions/event-input";
import { ruleWords } from "@/components/conditions/rule";
import { RuleEditor } from "@/components/conditions/rule-editor";
import { Field } from "@/components/form/field";
import { Select } from "@/components/ui/select";
import { useBuilder } from "./builder-context";
import type { Draft } from "./draft";
import { Fields } from "./fields";
import { FlowCard } from "./flow-card";

/** Which event starts a run. */
export function TriggerCard() {
  const { draft, change, readOnly } = useBuilder();
  const { trigger } = draft;
  const set = (part: Partial<Draft["trigger"]>) => change((now) => ({ ...now, trigger: { ...now.trigger, ...part } }));
  return (
    <FlowCard part="trigger" path="trigger" icon={Zap} title="Trigger" label="Trigger" summary={triggerWords(trigger)}>
      <Fields>
        <div className="grid gap-4 @md:grid-cols-2">
          <Field name="trigger.event" label="Event" hint="As your product sends it, such as signed_up.">
            <EventInput value={trigger.event} onValueChange={(event) => set({ event })} />
          </Field>
          <Field
            name="trigger.source"
            label="Source"
            hint="A publishable key is in your pages, so anyone can send with it."
          >
            <Select
              value={trigger.source}
              onChange={({ target }) => set({ source: target.value === "server" ? "server" : "any" })}
              options={[
                { value: "any", label: "Any key" },
                { value: "server", label: "Only your servers (secret keys)" },
              ]}
            />
          </Field>
        </div>
      </Fields>
      <div className="mt-4">
        <p className="mb-1 font-medium text-sm">Only if</p>
        <RuleEditor
          path="trigger.where"
          label="Conditions of the trigger"
          empty="Every such event counts. Conditions can look at the event (event.amount) and the person (profile.plan)."
          rule={trigger.where}
          onChange={(where) => set({ where })}
          readOnly={readOnly}
        />
      </div>
    </FlowCard>
  );
}

/** Who may enter. */
export function AudienceCard() {
  const { draft, change, readOnly } = useBuilder();
  return (
    <FlowCard
      part="audience"
      path="audience"
      icon={UserCheck}
      title="Audience"
      label="Audience"
      summary={draft.audience === null ? "Everyone" : ruleWords(draft.audience)}
    >
      <RuleEditor
        path="audience"
        label="Conditions of the audience"
        empty="Everyone may enter. Conditions are asked once, when the event arrives."
        rule={draft.audience}
        onChange={(audience) => change((now) => ({ ...now, audience }))}
        readOnly={readOnly}
      />
    </FlowCard>
  );
}

function triggerWords({ event, where, source }: Draft["trigger"]): string {
  const from = source === "server" ? " from your servers" : "";
  return `When ${event || "…"} arrives${from}${where === null ? "" : ` and ${ruleWords(where)}`}`;
}
