"use client";

import type { ReactNode } from "react";
import { Field } from "@/components/form/field";
import { Select } from "@/components/ui/select";
import { type TimesOperator, timesOperators } from "@/lib/conditions/schema";
import { DurationInput } from "./duration-input";
import { EventInput } from "./event-input";
import type { PerformedDraft } from "./rule";
import { NumberInput } from "./scalar-input";

type Props = {
  path: string;
  performed: PerformedDraft;
  onChange: (performed: PerformedDraft) => void;
  /** Builds the rule that such an event must meet. */
  filter: ReactNode;
};

// The keys of a literal table are exactly its type's keys.
const operators = Object.keys(timesOperators) as TimesOperator[];

/** How often somebody did something: the event, the number of times, since when, and which of them count. */
export function PerformedFields({ path, performed, onChange, filter }: Props) {
  return (
    <div className="@container min-w-0">
      <div className="grid gap-2 @lg:grid-cols-[minmax(0,1fr)_18rem]">
        <Field name={`${path}.performed`} label="Event performed" hideLabel>
          <EventInput
            value={performed.performed}
            placeholder="order_placed"
            onValueChange={(event) => onChange({ ...performed, performed: event })}
          />
        </Field>
        <Count path={`${path}.count`} performed={performed} onChange={onChange} />
        <Window path={`${path}.within`} performed={performed} onChange={onChange} />
      </div>
      <div className="mt-2">{filter}</div>
    </div>
  );
}

type PartProps = Omit<Props, "filter">;

function Count({ path, performed, onChange }: PartProps) {
  const { count } = performed;
  return (
    <div className="flex flex-wrap items-start gap-2">
      <Field name={`${path}.op`} label="How the number is compared" hideLabel className="flex-1 basis-28">
        <Select
          value={count.op}
          onChange={({ target }) => {
            const op = operators.find((one) => one === target.value);
            if (op) onChange({ ...performed, count: { ...count, op } });
          }}
          options={operators.map((op) => ({ value: op, label: timesOperators[op].label }))}
        />
      </Field>
      <Field name={`${path}.value`} label="Times" hideLabel className="w-18">
        <NumberInput
          value={count.value}
          inputMode="numeric"
          onValueChange={(value) => onChange({ ...performed, count: { ...count, value } })}
        />
      </Field>
      <span className="pt-1.5 text-sm">{count.value === 1 ? "time" : "times"}</span>
    </div>
  );
}

function Window({ path, performed, onChange }: PartProps) {
  const { within } = performed;
  return (
    <div className="flex flex-wrap items-start gap-2 @lg:col-span-2">
      <Field name={within === null ? path : `${path}.kind`} label="Since when" hideLabel className="w-40">
        <Select
          value={within === null ? "ever" : "window"}
          onChange={({ target }) => onChange({ ...performed, within: target.value === "ever" ? null : "P30D" })}
          options={[
            { value: "ever", label: "at any time" },
            { value: "window", label: "within the last" },
          ]}
        />
      </Field>
      {within !== null && (
        <Field name={path} label="Within the last" hideLabel className="max-w-72 flex-1 basis-56">
          <DurationInput value={within} onValueChange={(iso) => onChange({ ...performed, within: iso })} />
        </Field>
      )}
    </div>
  );
}
