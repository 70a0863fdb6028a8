"use client";

import type { ReactNode } from "react";
import { classes } from "@/components/ui/classes";
import { useBuilder } from "./builder-context";

/** Fields that can only be read where the builder is read-only. Their columns go by the room there is (`@md:`), which nesting takes away. */
export function Fields({ className, children }: { className?: string; children: ReactNode }) {
  const { readOnly } = useBuilder();
  return (
    <fieldset disabled={readOnly} className="@container min-w-0">
      <div className={classes("space-y-4", className)}>{children}</div>
    </fieldset>
  );
}
