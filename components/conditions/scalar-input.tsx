"use client";

import { type ComponentProps, useState } from "react";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { readNumber } from "./rule";

type Props = Omit<ComponentProps<typeof Input>, "value" | "onChange" | "type"> & {
  value: unknown;
  onValueChange: (value: unknown) => void;
};

const shown = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** A number. What is no number stays as typed, and the schema says so. */
export function NumberInput({ value, onValueChange, ...props }: Props) {
  const [typed, setTyped] = useState("");
  // "1." and "1.0" mean 1: they stay as typed while they are what the value came from.
  const text = (readNumber(typed) ?? typed) === value ? typed : shown(value);
  return (
    <Input
      {...props}
      inputMode="decimal"
      autoComplete="off"
      value={text}
      onChange={({ target }) => {
        setTyped(target.value);
        onValueChange(readNumber(target.value) ?? target.value);
      }}
    />
  );
}

export function TextInput({ value, onValueChange, ...props }: Props) {
  return <Input {...props} value={shown(value)} onChange={({ target }) => onValueChange(target.value)} />;
}

function TruthSelect({ value, onValueChange, className, ...props }: Props) {
  const { id, name } = props;
  return (
    <Select
      {...{ id, name, className }}
      aria-label={props["aria-label"]}
      aria-invalid={props["aria-invalid"]}
      aria-describedby={props["aria-describedby"]}
      value={String(value === true)}
      onChange={({ target }) => onValueChange(target.value === "true")}
      options={[
        { value: "true", label: "true" },
        { value: "false", label: "false" },
      ]}
    />
  );
}

type Kind = "text" | "number" | "boolean";
const kindOf = (value: unknown): Kind =>
  typeof value === "boolean" ? "boolean" : typeof value === "number" ? "number" : "text";

/** A text, a number, or true or false, with the choice of which: a number never equals a text. */
export function ScalarInput({ value, onValueChange, ...props }: Props) {
  // While a number is being typed ("", "-"), its value is the text, but it goes on being meant as a number.
  const [meant, setMeant] = useState<Kind>(kindOf(value));
  const kind = meant === "number" && typeof value === "string" && readNumber(value) === null ? meant : kindOf(value);
  const choose = (next: Kind) => {
    setMeant(next);
    const text = shown(value);
    onValueChange(next === "boolean" ? true : next === "number" ? (readNumber(text) ?? 0) : text);
  };
  const Control = kind === "boolean" ? TruthSelect : kind === "number" ? NumberInput : TextInput;
  return (
    <div className="flex flex-wrap gap-2">
      <Select
        aria-label="Value type"
        className="basis-29"
        value={kind}
        onChange={({ target }) => choose(kindNamed(target.value))}
      >
        <option value="text">Text</option>
        <option value="number">Number</option>
        <option value="boolean">True/false</option>
      </Select>
      <Control {...props} className="flex-1 basis-20" value={value} onValueChange={onValueChange} />
    </div>
  );
}

const kindNamed = (name: string): Kind => (name === "number" || name === "boolean" ? name : "text");
