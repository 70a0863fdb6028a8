"use client";

import { Plus, X } from "lucide-react";
import { useId } from "react";
import { Problem } from "@/components/conditions/problem";
import { Field } from "@/components/form/field";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useBuilder } from "./builder-context";
import type { DraftTrait, DraftUpdateStep } from "./draft";
import { freshKey } from "./draft-tree";
import { Fields } from "./fields";
import { newTrait, type TraitKind, traitKinds, withKind } from "./trait-row";

type Props = { path: string; step: DraftUpdateStep; set: (step: DraftUpdateStep) => void };

const suggested = ["email", "first_name", "last_name", "plan", "timezone"];
// The keys of a literal table are exactly its type's keys.
const kinds = Object.keys(traitKinds) as TraitKind[];

/** The traits that are set or removed when somebody comes here. */
export function UpdateProfileEditor({ path, step, set }: Props) {
  const { draft, readOnly } = useBuilder();
  const namesId = useId();
  const setRows = (rows: DraftTrait[]) => set({ ...step, set: rows });
  return (
    <div className="space-y-4">
      <p className="text-muted text-sm">Set when somebody comes here. Conditions and emails from here on see it.</p>
      <datalist id={namesId}>
        {suggested.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {step.set.map((row, index) => (
        <TraitFields
          key={row.key}
          path={`${path}.set.${index}`}
          row={row}
          number={index + 1}
          namesId={namesId}
          set={(next) => setRows(step.set.map((one) => (one.key === row.key ? next : one)))}
          remove={() => setRows(step.set.filter(({ key }) => key !== row.key))}
        />
      ))}
      <Problem path={`${path}.set`} />
      {!readOnly && (
        <Button
          size="sm"
          variant="ghost"
          className="-ml-2"
          onClick={() => setRows([...step.set, { ...newTrait(), key: freshKey(draft) }])}
        >
          <Plus aria-hidden /> Add trait
        </Button>
      )}
    </div>
  );
}

type RowProps = {
  path: string;
  row: DraftTrait;
  number: number;
  namesId: string;
  set: (row: DraftTrait) => void;
  remove: () => void;
};

function TraitFields({ path, row, number, namesId, set, remove }: RowProps) {
  const { readOnly } = useBuilder();
  return (
    <Fields className="flex items-start gap-1 space-y-0">
      <fieldset className="grid min-w-0 flex-1 gap-2 @md:grid-cols-[minmax(0,1fr)_9rem_minmax(0,1.4fr)]">
        <legend className="sr-only">{`Trait ${number}`}</legend>
        <Field name={`${path}.name`} label="Trait" hideLabel>
          <Input
            list={namesId}
            className="font-mono"
            value={row.name}
            placeholder="plan"
            onChange={({ target }) => set({ ...row, name: target.value })}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
        </Field>
        <Field name={`${path}.kind`} label="Value type" hideLabel>
          <Select
            value={row.kind}
            onChange={({ target }) => {
              const kind = kinds.find((one) => one === target.value);
              if (kind) set({ ...row, ...withKind(row, kind) });
            }}
            options={kinds.map((kind) => ({ value: kind, label: traitKinds[kind] }))}
          />
        </Field>
        <ValueField path={`${path}.value`} row={row} set={set} />
      </fieldset>
      {!readOnly && (
        <Button variant="ghost" size="icon" aria-label={`Take out trait ${row.name || number}`} onClick={remove}>
          <X />
        </Button>
      )}
    </Fields>
  );
}

function ValueField({ path, row, set }: Pick<RowProps, "path" | "row" | "set">) {
  if (row.kind === "remove") return <Problem path={path} />;
  const type = (text: string) => set({ ...row, text });
  return (
    <Field name={path} label="Value" hideLabel>
      {row.kind === "boolean" ? (
        <Select
          value={row.text}
          onChange={({ target }) => type(target.value)}
          options={[
            { value: "true", label: "true" },
            { value: "false", label: "false" },
          ]}
        />
      ) : (
        <Input
          value={row.text}
          inputMode={row.kind === "number" ? "decimal" : "text"}
          placeholder={placeholders[row.kind]}
          className={row.kind === "json" ? "font-mono" : undefined}
          autoComplete="off"
          spellCheck={row.kind === "text"}
          onChange={({ target }) => type(target.value)}
        />
      )}
    </Field>
  );
}

const placeholders = { text: "value", number: "0", json: '["a", "b"]' } as const;
