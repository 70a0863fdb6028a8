"use client";

import { useEffect, useState } from "react";

/** Of a part that is no field: its first field, or what opens it. */
type Into = "fields" | "head";

/** Moves the focus to the field of a path once it is on the page; to the nearest part around it where there is no such field. */
export function useShow(): (path: string, into?: Into) => void {
  const [target, setTarget] = useState<{ path: string; into: Into } | null>(null);
  useEffect(() => {
    if (target === null) return;
    const found = elementOf(target.path, target.into);
    found?.focus();
    found?.scrollIntoView({ block: "center" });
  }, [target]);
  return (path, into = "fields") => setTarget({ path, into });
}

function elementOf(path: string, into: Into): HTMLElement | null {
  const parts = path.split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const at = CSS.escape(parts.slice(0, length).join("."));
    const field = document.querySelector<HTMLElement>(`[name="${at}"], [data-problem="${at}"]`);
    if (field) return field;
    const part = document.querySelector(`[data-path="${at}"]`);
    const first =
      into === "fields" ? part?.querySelector<HTMLElement>("[data-body] :is(input, select, textarea)") : null;
    if (part) return first ?? part.querySelector("button");
  }
  return null;
}
