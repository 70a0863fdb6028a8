"use client";

import { useEffect, useState } from "react";

/** Moves the focus to the field of a path once it is on the page; to the nearest part around it where there is no such field. */
export function useShow(): (path: string) => void {
  const [target, setTarget] = useState<{ path: string } | null>(null);
  useEffect(() => {
    if (target === null) return;
    const found = elementOf(target.path);
    found?.focus();
    found?.scrollIntoView({ block: "center" });
  }, [target]);
  return (path) => setTarget({ path });
}

function elementOf(path: string): HTMLElement | null {
  const parts = path.split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const at = CSS.escape(parts.slice(0, length).join("."));
    const field = document.querySelector<HTMLElement>(`[name="${at}"], [data-problem="${at}"]`);
    if (field) return field;
    const part = document.querySelector(`[data-path="${at}"]`);
    if (part)
      return (
        part.querySelector<HTMLElement>("[data-body] :is(input, select, textarea)") ?? part.querySelector("button")
      );
  }
  return null;
}
