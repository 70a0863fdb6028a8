import type { ComponentProps } from "react";
import { classes } from "./classes";

type Props = Omit<ComponentProps<"input">, "type" | "role" | "checked"> & { checked: boolean };

/** For what takes effect at once: `<Switch aria-label="Enabled" checked={on} onChange={…} />`. In forms use `<CheckField>`. */
export function Switch({ className, checked, ...props }: Props) {
  return (
    <input
      type="checkbox"
      role="switch"
      checked={checked}
      aria-checked={checked}
      className={classes(
        "relative h-5 w-9 shrink-0 appearance-none rounded-full bg-line-strong transition-colors checked:bg-[oklch(0.5_0.19_262)]",
        "before:absolute before:top-0.5 before:left-0.5 before:size-4 before:rounded-full before:bg-white before:shadow-sm before:transition-transform",
        "checked:before:translate-x-4 disabled:opacity-50",
        className,
      )}
      {...props}
    />
  );
}
