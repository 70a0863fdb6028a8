import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { classes } from "./classes";
import { inputClasses } from "./input";

type Option = { value: string; label: string; disabled?: boolean };

/** The system's own list: `<Select options={[{ value: "a", label: "A" }]} defaultValue="a" />`, or `<option>`s as children. */
export function Select({ className, options, children, ...props }: ComponentProps<"select"> & { options?: Option[] }) {
  return (
    <span className={classes("relative block", className)}>
      <select
        className={classes(inputClasses, "h-8 appearance-none truncate pr-8 pl-2.5 pointer-coarse:h-10")}
        {...props}
      >
        {options?.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
        {children}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute inset-y-0 right-2.5 my-auto size-4 text-faint" />
    </span>
  );
}
