import Link from "next/link";
import type { ComponentProps } from "react";
import { classes } from "./classes";

/** A link within a sentence: `<TextLink href="/sign-in">Sign in</TextLink>`. Underlined, so that colour is not all that tells it. */
export function TextLink({ className, ...props }: ComponentProps<typeof Link>) {
  return (
    <Link
      className={classes(
        "rounded-sm text-accent underline decoration-accent/40 underline-offset-2 hover:decoration-accent",
        className,
      )}
      {...props}
    />
  );
}
