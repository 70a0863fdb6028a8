"use client";

import { type ComponentProps, useContext, useSyncExternalStore } from "react";
import { Button } from "@/components/ui/button";
import { classes } from "@/components/ui/classes";
import { FormContext } from "./form-context";

const never = () => () => undefined;

/**
 * Ends a `<Form>`: `<SubmitButton>Save</SubmitButton>`. Shows that it works and takes one click. Until the page is alive it cannot be
 * pressed (Enter neither): the browser would send the form by itself, and what was typed would be lost.
 */
export function SubmitButton({ variant = "primary", disabled, className, ...props }: ComponentProps<typeof Button>) {
  const { pending } = useContext(FormContext);
  const alive = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return (
    <Button
      type="submit"
      variant={variant}
      pending={pending}
      disabled={disabled || pending || !alive}
      className={classes(className, !alive && "disabled:opacity-100")}
      {...props}
    />
  );
}
