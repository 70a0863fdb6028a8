"use client";

import { Field } from "@/components/form/field";
import { classes } from "@/components/ui/classes";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { type OperatorName, operators } from "@/lib/conditions/schema";
import { type ComparisonDraft, withOperator } from "./rule";
import { ValueField } from "./value-field";

type Props = {
  path: string;
  comparison: ComparisonDraft;
  onChange: (comparison: ComparisonDraft) => void;
  fieldsId: string;
};

// The keys of a literal table are exactly its type's keys.
const names = Object.keys(operators) as OperatorName[];

/** Field, operator and value of one condition. */
export function ComparisonFields({ path, comparison, onChange, fieldsId }: Props) {
  const wide = ["list", "scalar", "duration", "time"].includes(operators[comparison.op].input);
  return (
    <div className="@container min-w-0 flex-1">
      <div
        className={classes(
          "grid gap-2 @md:grid-cols-[minmax(0,1fr)_11rem]",
          !wide && "@lg:grid-cols-[minmax(0,1fr)_11rem_minmax(0,1fr)]",
        )}
      >
        <Field name={`${path}.field`} label="Field" hideLabel>
          <Input
            list={fieldsId}
            value={comparison.field}
            placeholder="profile.plan or event.amount"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={({ target }) => onChange({ ...comparison, field: target.value })}
          />
        </Field>
        <Field name={`${path}.op`} label="Operator" hideLabel>
          <Select
            value={comparison.op}
            onChange={({ target }) => {
              const op = names.find((name) => name === target.value);
              if (op) onChange(withOperator(comparison, op));
            }}
            options={names.map((name) => ({ value: name, label: operators[name].label }))}
          />
        </Field>
        <div className={classes("min-w-0", wide && "@md:col-span-2")}>
          <ValueField
            path={`${path}.value`}
            comparison={comparison}
            onChange={(value) => onChange({ ...comparison, value })}
          />
        </div>
      </div>
    </div>
  );
}
