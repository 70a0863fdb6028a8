"use client";

import type { ReactNode } from "react";
import { classes } from "@/components/ui/classes";
import { useBuilder } from "./builder-context";

/** Fields that can only be read where the builder is read-only. */
export function Fields({ className, children }: { className?: string; children: ReactNode }) {
  const { readOnly } = useBuilder();
  return (
    <fieldset disabled={readOnly} className={classes("min-w-0 space-y-4", className)}>
      {children}
    </fieldset>
  );
}
