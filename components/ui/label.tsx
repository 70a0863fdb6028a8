import type { ComponentProps } from "react";
import { classes } from "./classes";

type Props = ComponentProps<"label"> & { htmlFor: string };

/** `<Label htmlFor="x">Name</Label>`; inside forms `<Field label="Name">` makes it. */
export function Label({ className, htmlFor, children, ...props }: Props) {
  return (
    <label htmlFor={htmlFor} className={classes("block font-medium text-ink text-sm", className)} {...props}>
      {children}
    </label>
  );
}
