import type { ComponentProps } from "react";
import { classes } from "./classes";
import { inputClasses } from "./input";

/** `<Textarea rows={6} />`; grows with its text. `className="font-mono"` for code. */
export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return (
    <textarea className={classes(inputClasses, "field-sizing-content min-h-20 px-2.5 py-1.5", className)} {...props} />
  );
}
