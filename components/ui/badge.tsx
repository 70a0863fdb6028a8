import type { ReactNode } from "react";
import { classes } from "./classes";
import { softTone, type Tone } from "./tone";

type Props = { tone?: Tone; dot?: boolean; title?: string; className?: string; children: ReactNode };

/** A status in a word: `<Badge tone="good" dot>Ready</Badge>`. Tones: neutral, info, good, warn, bad, accent. */
export function Badge({ tone = "neutral", dot = false, title, className, children }: Props) {
  return (
    <span
      title={title}
      className={classes(
        "inline-flex h-5 max-w-full items-center gap-1.5 whitespace-nowrap rounded-full px-2 font-medium text-xs",
        softTone[tone],
        className,
      )}
    >
      {dot && <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-current" />}
      <span className="truncate">{children}</span>
    </span>
  );
}
