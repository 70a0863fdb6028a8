import { CircleAlert, CircleCheck, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes";
import type { Tone } from "./tone";

type BannerTone = Exclude<Tone, "neutral" | "accent">;
const look: Record<BannerTone, { icon: LucideIcon; frame: string; mark: string }> = {
  info: { icon: Info, frame: "border-info/25 bg-info-soft", mark: "text-info" },
  good: { icon: CircleCheck, frame: "border-good/25 bg-good-soft", mark: "text-good" },
  warn: { icon: TriangleAlert, frame: "border-warn/25 bg-warn-soft", mark: "text-warn" },
  bad: { icon: CircleAlert, frame: "border-bad/25 bg-bad-soft", mark: "text-bad" },
};

type Props = {
  tone: BannerTone;
  title?: ReactNode;
  action?: ReactNode;
  live?: boolean;
  className?: string;
  children?: ReactNode;
};

/** A message that stays: `<Banner tone="bad" title="…" action={<Button/>}>Why, and what to do.</Banner>`. `live` when it appears by itself: it is then read out. */
export function Banner({ tone, title, action, live = false, className, children }: Props) {
  const { icon: Icon, frame, mark } = look[tone];
  return (
    <div
      role={live ? (tone === "bad" ? "alert" : "status") : undefined}
      className={classes(
        "flex flex-wrap items-start gap-x-3 gap-y-2 rounded-lg border px-3.5 py-2.5 text-ink text-sm",
        frame,
        className,
      )}
    >
      <Icon aria-hidden className={classes("mt-0.5 size-4 shrink-0", mark)} />
      <div className="min-w-0 flex-1 basis-52 break-words">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className={title ? "mt-0.5 text-muted" : ""}>{children}</div>}
      </div>
      {action && <div className="flex flex-wrap items-center gap-2">{action}</div>}
    </div>
  );
}
