import type { ComponentProps } from "react";
import { classes } from "./classes";

const tick =
  "checked:bg-[url('data:image/svg+xml;utf8,<svg%20xmlns=%22http://www.w3.org/2000/svg%22%20viewBox=%220%200%2016%2016%22%20fill=%22none%22%20stroke=%22white%22%20stroke-width=%222.2%22%20stroke-linecap=%22round%22%20stroke-linejoin=%22round%22><path%20d=%22M4%208.4l2.7%202.7L12%205.4%22/></svg>')]";

/** A real checkbox: `<Checkbox name="all" defaultChecked />`. With words beside it use `<CheckField>` of components/form. */
export function Checkbox({ className, ...props }: Omit<ComponentProps<"input">, "type">) {
  return (
    <input
      type="checkbox"
      className={classes(
        "size-4 shrink-0 appearance-none rounded-sm border border-line-strong bg-surface bg-center bg-no-repeat shadow-sm",
        "checked:border-transparent checked:bg-[oklch(0.5_0.19_262)] disabled:opacity-50 aria-invalid:border-bad pointer-coarse:size-5",
        tick,
        className,
      )}
      {...props}
    />
  );
}
