"use client";

import { Slot } from "radix-ui";
import { type ReactNode, useContext, useId } from "react";
import { Checkbox } from "@/components/ui/checkbox";
import { classes } from "@/components/ui/classes";
import { Label } from "@/components/ui/label";
import { FormContext } from "./form-context";

type Props = {
  /** The input's name in the operation; dots for inner objects. */
  name: string;
  label: ReactNode;
  hint?: ReactNode;
  /** Says so beside the label; an empty control reads as null. */
  optional?: boolean;
  /** A sentence shown instead of the form's own, for fields outside a `<Form>`. */
  error?: string;
  /** The label is read out but not seen. */
  hideLabel?: boolean;
  className?: string;
  /** One control: Input, Textarea, Select, or anything that passes its props on to one. */
  children: ReactNode;
};

/** A labelled control with its hint and its error: `<Field name="email" label="Email" hint="…" optional><Input type="email" /></Field>`. */
export function Field({ name, label, hint, optional = false, error, hideLabel, className, children }: Props) {
  const id = useId();
  const form = useContext(FormContext);
  const problem = error ?? form.errors[name]?.[0];
  const described = [hint && `${id}-hint`, problem && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={classes("min-w-0", className)}>
      <Label htmlFor={id} className={hideLabel ? "sr-only" : "mb-1 flex justify-between gap-2"}>
        {label}
        {optional && <span className="font-normal text-faint">Optional</span>}
      </Label>
      <Slot.Root
        id={id}
        aria-describedby={described || undefined}
        aria-invalid={problem ? true : undefined}
        {...{ name, "data-empty": optional ? "null" : undefined }}
      >
        {children}
      </Slot.Root>
      <FieldError id={`${id}-error`} problem={problem} />
      {hint && (
        <div id={`${id}-hint`} className="mt-1 text-muted text-sm">
          {hint}
        </div>
      )}
    </div>
  );
}

type CheckProps = {
  name: string;
  label: ReactNode;
  hint?: ReactNode;
  defaultChecked?: boolean;
  /** With `value` and `list` several boxes of one name make a list of the ticked values. */
  value?: string;
  list?: boolean;
  disabled?: boolean;
};

/** A box to tick with its words: `<CheckField name="allow_transactional" label="…" hint="…" />`. Reads as true or false. */
export function CheckField({ name, label, hint, list = false, ...props }: CheckProps) {
  const id = useId();
  const problem = useContext(FormContext).errors[name]?.[0];
  return (
    <div className="flex items-start gap-2.5">
      <Checkbox
        id={id}
        name={name}
        className="mt-0.5"
        aria-describedby={[hint && `${id}-hint`, problem && `${id}-error`].filter(Boolean).join(" ") || undefined}
        aria-invalid={problem ? true : undefined}
        data-list={list ? "" : undefined}
        {...props}
      />
      <div className="min-w-0">
        <Label htmlFor={id}>{label}</Label>
        {hint && (
          <div id={`${id}-hint`} className="mt-0.5 text-muted text-sm">
            {hint}
          </div>
        )}
        <FieldError id={`${id}-error`} problem={problem} />
      </div>
    </div>
  );
}

function FieldError({ id, problem }: { id: string; problem: string | undefined }) {
  if (!problem) return null;
  return (
    <p id={id} className="mt-1 text-bad text-sm">
      {problem}
    </p>
  );
}
