"use client";

import { Plus, X } from "lucide-react";
import { Field } from "@/components/form/field";
import { Button } from "@/components/ui/button";
import { operators, type ValueInput } from "@/lib/conditions/schema";
import { DurationInput } from "./duration-input";
import { Problem } from "./problem";
import type { ComparisonDraft } from "./rule";
import { NumberInput, ScalarInput, TextInput } from "./scalar-input";

type Props = {
  path: string;
  comparison: ComparisonDraft;
  onChange: (value: unknown) => void;
};

/** The value of a comparison, typed as its operator wants it. */
export function ValueField({ path, comparison, onChange }: Props) {
  const { input } = operators[comparison.op];
  if (input === "none") return null;
  if (input === "list") return <ListField path={path} values={comparison.value} onChange={onChange} />;
  return (
    <Field name={path} label="Value" hideLabel>
      <Single input={input} value={comparison.value} onValueChange={onChange} />
    </Field>
  );
}

type SingleProps = {
  input: Exclude<ValueInput, "none" | "list">;
  value: unknown;
  onValueChange: (value: unknown) => void;
};

function Single({ input, value, onValueChange, ...props }: SingleProps) {
  switch (input) {
    case "scalar":
      return <ScalarInput {...props} value={value} onValueChange={onValueChange} />;
    case "number":
      return <NumberInput {...props} value={value} onValueChange={onValueChange} placeholder="0" />;
    case "text":
      return <TextInput {...props} value={value} onValueChange={onValueChange} placeholder="value" />;
    case "time":
      return (
        <TextInput
          {...props}
          value={value}
          onValueChange={onValueChange}
          placeholder="2026-11-21 or 2026-11-21T09:00:00Z"
          className="font-mono"
          spellCheck={false}
        />
      );
    case "duration":
      return <DurationInput {...props} value={String(value ?? "")} onValueChange={onValueChange} />;
  }
}

type ListProps = { path: string; values: unknown; onChange: (value: unknown[]) => void };

function ListField({ path, values, onChange }: ListProps) {
  const list: unknown[] = Array.isArray(values) ? values : [];
  return (
    <div className="min-w-0 space-y-1.5">
      {list.map((value, index) => (
        // Values have no name of their own, and the inputs keep nothing that their value does not say.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={index} className="flex items-start gap-1">
          <Field name={`${path}.${index}`} label={`Value ${index + 1}`} hideLabel className="flex-1">
            <ScalarInput
              value={value}
              onValueChange={(next) => onChange(list.map((before, at) => (at === index ? next : before)))}
            />
          </Field>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove value ${index + 1}`}
            onClick={() => onChange(list.filter((_, at) => at !== index))}
          >
            <X />
          </Button>
        </div>
      ))}
      <Problem path={path} />
      <Button
        variant="ghost"
        size="sm"
        onClick={() => onChange([...list, list.at(-1) === undefined ? "" : like(list.at(-1))])}
      >
        <Plus aria-hidden /> Add value
      </Button>
    </div>
  );
}

/** The next value of a list is most likely of the same type. */
const like = (value: unknown) => (typeof value === "number" ? 0 : typeof value === "boolean" ? true : "");
