import type { ComponentProps } from "react";
import { classes } from "./classes";

/** What a text field looks like; shared by input, textarea and select. 16 px on small screens, so that phones do not zoom. */
export const inputClasses = [
  "w-full min-w-0 rounded-md border border-line-strong bg-surface text-lg text-ink shadow-sm sm:text-base",
  "transition-colors focus-visible:border-accent focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:bg-sunken disabled:text-muted",
  "aria-invalid:border-bad aria-invalid:focus-visible:outline-bad [&[readonly]]:bg-sunken",
].join(" ");

/** `<Input name="email" type="email" />`; inside a `<Field>` it gets id, name and the ties to hint and error by itself. */
export function Input({ className, type = "text", ...props }: ComponentProps<"input">) {
  return (
    <input type={type} className={classes(inputClasses, "h-8 px-2.5 pointer-coarse:h-10", className)} {...props} />
  );
}
