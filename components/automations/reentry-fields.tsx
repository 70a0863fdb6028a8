"use client";

import { DurationInput } from "@/components/conditions/duration-input";
import { Field } from "@/components/form/field";
import { Select } from "@/components/ui/select";
import type { Reentry } from "@/lib/automations/schema";
import { useBuilder } from "./builder-context";

type Kind = "once" | "every_time" | "once_every";
const kindOf = (reentry: Reentry): Kind => (typeof reentry === "string" ? reentry : "once_every");

const choices: { value: Kind; label: string }[] = [
  { value: "once", label: "Once per person, ever" },
  { value: "once_every", label: "Again after some time" },
  { value: "every_time", label: "Every time the event arrives" },
];

const hints: Record<Kind, string> = {
  once: "Whoever was in it once, in any version, does not enter again.",
  once_every: "Counted from the last time they entered, in any version.",
  every_time: "Each event begins a run of its own, beside any that are under way.",
};

/** How often the same person may enter. */
export function ReentryFields() {
  const { draft, change } = useBuilder();
  const { reentry } = draft;
  const kind = kindOf(reentry);
  const set = (next: Reentry) => change((now) => ({ ...now, reentry: next }));
  return (
    <>
      <Field name={typeof reentry === "string" ? "reentry" : "reentry.kind"} label="Re-entry" hint={hints[kind]}>
        <Select
          value={kind}
          onChange={({ target }) => {
            const chosen = choices.find(({ value }) => value === target.value)?.value ?? "once";
            if (chosen !== kind) set(chosen === "once_every" ? { once_every: "P30D" } : chosen);
          }}
          options={choices}
        />
      </Field>
      {typeof reentry === "object" && (
        <Field name="reentry" label="At most once every" className="@md:col-start-2">
          <DurationInput value={reentry.once_every} onValueChange={(once_every) => set({ once_every })} />
        </Field>
      )}
    </>
  );
}
