"use client";

import { type ComponentProps, useState } from "react";
import { classes } from "@/components/ui/classes";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { type DurationUnit, durationUnitNames, isoAmount, readAmount } from "./duration-amount";

type Props = Omit<ComponentProps<typeof Input>, "value" | "onChange"> & {
  /** ISO 8601, or what is being typed. */
  value: string;
  onValueChange: (iso: string) => void;
};

const asText = "iso";

/** How long: a number and its unit, or the ISO 8601 text where one unit is not enough. */
export function DurationInput({ value, onValueChange, ...props }: Props) {
  const [typed, setTyped] = useState({ amount: "", unit: "days" as DurationUnit });
  const [asIso, setAsIso] = useState(false);
  // What is being typed, as long as it is what the value came from; so that "0" or nothing can stand there for a while.
  const read = isoAmount(typed) === value ? typed : readAmount(value);
  const iso = asIso || read === null;
  const unit = read?.unit ?? "days";
  const set = (next: typeof typed) => {
    setTyped(next);
    onValueChange(isoAmount(next));
  };
  return (
    <div className="flex flex-wrap gap-2">
      <Input
        {...props}
        inputMode={iso ? "text" : "numeric"}
        autoComplete="off"
        spellCheck={false}
        placeholder={iso ? "P1DT12H" : "1"}
        className={classes("flex-1 basis-24", iso && "font-mono")}
        value={iso ? value : read.amount}
        onChange={(event) => (iso ? onValueChange(event.target.value) : set({ unit, amount: event.target.value }))}
      />
      <Select
        aria-label="Unit"
        className="flex-1 basis-30"
        value={iso ? asText : unit}
        onChange={({ target }) => {
          setAsIso(target.value === asText);
          const chosen = durationUnitNames.find((name) => name === target.value);
          if (chosen) set({ amount: read?.amount ?? "1", unit: chosen });
        }}
        options={[
          ...durationUnitNames.map((name) => ({ value: name, label: name })),
          { value: asText, label: "ISO 8601" },
        ]}
      />
    </div>
  );
}
