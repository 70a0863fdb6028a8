import type { ReactNode } from "react";
import { classes } from "./classes";

export type RadioCard = {
  value: string;
  label: ReactNode;
  description?: ReactNode;
  aside?: ReactNode;
  disabled?: boolean;
};

type Props = {
  legend: ReactNode;
  name: string;
  options: RadioCard[];
  value: string;
  onValueChange: (value: string) => void;
  hint?: ReactNode;
};

/** A choice that needs a sentence each: `<RadioCards legend="Stream" name="message_stream" options={…} value={…} onValueChange={…} />`. */
export function RadioCards({ legend, name, options, value, onValueChange, hint }: Props) {
  return (
    <fieldset className="min-w-0">
      <legend className="font-medium text-ink text-sm">{legend}</legend>
      {hint && <p className="mt-0.5 text-muted text-sm">{hint}</p>}
      <div className="mt-2 divide-y divide-line overflow-hidden rounded-lg border border-line">
        {options.map((option) => (
          <label
            key={option.value}
            className={classes(
              "flex items-start gap-3 bg-surface px-3.5 py-2.5 has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:-outline-offset-2",
              option.disabled ? "text-muted" : "hover:bg-hover",
            )}
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={value === option.value}
              disabled={option.disabled}
              onChange={() => onValueChange(option.value)}
              className="mt-0.5 size-4 shrink-0 appearance-none rounded-full border border-line-strong bg-surface outline-none checked:border-5 checked:border-accent"
            />
            <span className="min-w-0 flex-1 text-sm">
              <span className="block break-words font-medium">{option.label}</span>
              {option.description && <span className="block text-muted">{option.description}</span>}
            </span>
            {option.aside && <span className="shrink-0">{option.aside}</span>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
