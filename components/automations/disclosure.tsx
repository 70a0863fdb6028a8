"use client";

import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";

type Props = {
  title: string;
  /** What it holds, said while it is closed. */
  summary?: string;
  /** Cannot be closed while something within is wrong. */
  forced?: boolean;
  children: ReactNode;
};

/** Settings that most never need. */
export function Disclosure({ title, summary, forced = false, children }: Props) {
  const [wanted, setWanted] = useState(false);
  const open = wanted || forced;
  return (
    <div className="min-w-0">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setWanted(!open)}
        className="flex max-w-full items-center gap-1 rounded-sm text-left text-muted text-sm hover:text-ink"
      >
        <ChevronRight aria-hidden className={`size-4 shrink-0 transition-transform ${open ? "rotate-90" : ""}`} />
        <span className="shrink-0 font-medium">{title}</span>
        {!open && summary && <span className="min-w-0 truncate text-faint">· {summary}</span>}
      </button>
      {open && <div className="mt-3 space-y-4 sm:pl-5">{children}</div>}
    </div>
  );
}
