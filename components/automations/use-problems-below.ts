"use client";

import { useContext } from "react";
import { FormContext } from "@/components/form/form-context";

/** Is something wrong at one of these paths, or below it? */
export function useProblemsBelow(paths: readonly string[]): boolean {
  const found = Object.keys(useContext(FormContext).errors);
  return found.some((problem) => paths.some((path) => problem === path || problem.startsWith(`${path}.`)));
}
