"use client";

import { ChevronDown, CircleAlert, type LucideIcon } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId } from "react";
import { classes } from "@/components/ui/classes";
import { useBuilder } from "./builder-context";
import type { Part } from "./problems";

type Props = {
  part: Part;
  /** The path that the card stands for; the focus finds it by that. */
  path: string;
  icon: LucideIcon;
  title: string;
  summary: string;
  /** What the card is called as a landmark. */
  label: string;
  /** Holds a flow of its own: as little as possible is lost at the sides. */
  nests?: boolean;
  /** Beside the title: a menu. */
  actions?: ReactNode;
  onKeyDown?: (event: KeyboardEvent) => void;
  keyShortcuts?: string;
  children: ReactNode;
};

/** One stop of the flow: a line that says what it is, and its settings when it is opened. */
export function FlowCard({ part, path, icon: Icon, title, summary, label, actions, children, ...props }: Props) {
  const { isOpen, toggle, troubled } = useBuilder();
  const bodyId = useId();
  const open = isOpen(part);
  const trouble = troubled.has(part);
  return (
    <section
      data-path={path}
      aria-label={label}
      className={classes("min-w-0 rounded-lg border bg-surface shadow-sm", trouble ? "border-bad" : "border-line")}
    >
      <div className="flex items-center gap-1 pr-2">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={bodyId}
          aria-keyshortcuts={props.keyShortcuts}
          onClick={() => toggle(part)}
          onKeyDown={props.onKeyDown}
          className="flex min-w-0 flex-1 items-center gap-3 rounded-lg px-3 py-2.5 text-left focus-visible:-outline-offset-2 sm:px-4"
        >
          <span className="grid size-8 shrink-0 place-items-center rounded-md border border-line bg-sunken">
            <Icon aria-hidden className="size-4 text-muted" />
          </span>
          <span className="min-w-0 flex-1">
            <span className="flex items-center gap-1.5 font-medium text-sm">
              {title}
              {trouble && <CircleAlert role="img" aria-label="Needs attention" className="size-4 shrink-0 text-bad" />}
            </span>
            <span className="block truncate text-muted text-sm">{summary}</span>
          </span>
          <ChevronDown
            aria-hidden
            className={classes("size-4 shrink-0 text-faint transition-transform", open && "rotate-180")}
          />
        </button>
        {actions}
      </div>
      <div
        id={bodyId}
        data-body=""
        hidden={!open}
        className={classes("border-line border-t py-4 sm:px-4", props.nests ? "pr-1 pl-2" : "px-3")}
      >
        {open && children}
      </div>
    </section>
  );
}

/** The line between two stops. */
export const FlowLine = ({ short = false }: { short?: boolean }) => (
  <div aria-hidden className={classes("ml-7 w-px bg-line-strong sm:ml-8", short ? "h-3" : "h-5")} />
);
