import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "@/components/ui/classes";
import { Time } from "@/components/ui/time";
import { softTone, type Tone } from "@/components/ui/tone";

/** What happened, one below the other, held together by a line. */
export function EventList({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ol aria-label={label} className="[&>li:last-child>.thread]:hidden">
      {children}
    </ol>
  );
}

type Props = { icon: LucideIcon; tone: Tone; title: ReactNode; at: string; children?: ReactNode };

export function EventItem({ icon: Icon, tone, title, at, children }: Props) {
  return (
    <li className="relative flex gap-3 pb-5 last:pb-0">
      <span aria-hidden className="thread absolute top-8 bottom-1 left-3.5 w-px -translate-x-1/2 bg-line" />
      <span className={classes("grid size-7 shrink-0 place-items-center rounded-full", softTone[tone])}>
        <Icon aria-hidden className="size-3.5" />
      </span>
      <div className="min-w-0 flex-1 pt-1 text-sm">
        <div className="flex flex-wrap items-baseline justify-between gap-x-3">
          <p className="min-w-0 break-words font-medium">{title}</p>
          <Time at={at} className="whitespace-nowrap text-faint text-xs tabular-nums" />
        </div>
        {children}
      </div>
    </li>
  );
}
