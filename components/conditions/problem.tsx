"use client";

import { useContext } from "react";
import { FormContext } from "@/components/form/form-context";

/** What is wrong with a part of a rule or a definition that is no field of its own; nothing while it is right. */
export function Problem({ path }: { path: string }) {
  const problem = useContext(FormContext).errors[path]?.[0];
  if (!problem) return null;
  return (
    <p data-problem={path} tabIndex={-1} className="rounded-sm text-bad text-sm">
      {problem}
    </p>
  );
}
