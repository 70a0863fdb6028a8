"use client";

import { Field } from "@/components/form/field";
import { Select } from "@/components/ui/select";
import { useBuilder } from "./builder-context";

const hints = {
  skip: "They stay in it; emails on the stream that they unsubscribed from are left out.",
  exit: "They leave at once, also from a paused automation, and what is queued for them is not sent.",
};

/** What becomes of a run when its person unsubscribes from mail that the automation writes. */
export function UnsubscribeField() {
  const { draft, change } = useBuilder();
  const value = draft.on_unsubscribe ?? "skip";
  return (
    <Field name="on_unsubscribe" label="When someone unsubscribes" hint={hints[value]}>
      <Select
        value={value}
        onChange={({ target }) =>
          change(({ on_unsubscribe: _, ...now }) =>
            target.value === "exit" ? { ...now, on_unsubscribe: "exit" } : now,
          )
        }
        options={[
          { value: "skip", label: "Leave out their emails" },
          { value: "exit", label: "End their run" },
        ]}
      />
    </Field>
  );
}
