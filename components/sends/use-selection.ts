"use client";

import { type MouseEvent, useRef, useState } from "react";

/** Which rows of a list are chosen. Those that have left the list are not, whatever was chosen before. Shift chooses all in between. */
export function useSelection(ids: readonly string[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string | null>(null);
  const selected = ids.filter((id) => chosen.has(id));

  const toggle = (id: string, event: Pick<MouseEvent<HTMLInputElement>, "shiftKey" | "currentTarget">) => {
    const on = event.currentTarget.checked;
    const [from, to] = [ids.indexOf(last.current ?? ""), ids.indexOf(id)];
    const range = event.shiftKey && from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    last.current = id;
    setChosen((before) => {
      const after = new Set(before);
      for (const one of range) on ? after.add(one) : after.delete(one);
      return after;
    });
  };

  return {
    selected,
    isSelected: (id: string) => chosen.has(id),
    toggle,
    toggleAll: () => setChosen(selected.length === ids.length ? new Set() : new Set(ids)),
    clear: () => setChosen(new Set()),
  };
}
