"use client";

import { type MouseEvent, useRef, useState } from "react";

/** Which rows are chosen; `all`: and with those of this page the whole view. */
type Chosen = { ids: ReadonlySet<string>; all: boolean };
/** Choosing rows, or none, is never also choosing what is not on the page. */
const only = (ids: Iterable<string>): Chosen => ({ ids: new Set(ids), all: false });

/** Which rows of a list are chosen. Those that have left the list are not, whatever was chosen before. Shift chooses all in between. */
export function useSelection(ids: readonly string[]) {
  const [chosen, setChosen] = useState<Chosen>(only([]));
  const last = useRef<string | null>(null);
  const selected = ids.filter((id) => chosen.ids.has(id));

  const toggle = (id: string, event: Pick<MouseEvent<HTMLInputElement>, "shiftKey" | "currentTarget">) => {
    const on = event.currentTarget.checked;
    const [from, to] = [ids.indexOf(last.current ?? ""), ids.indexOf(id)];
    const range = event.shiftKey && from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    last.current = id;
    setChosen((before) => {
      const after = new Set(before.ids);
      for (const one of range) on ? after.add(one) : after.delete(one);
      return only(after);
    });
  };

  return {
    selected,
    all: chosen.all,
    isSelected: (id: string) => chosen.ids.has(id),
    toggle,
    toggleAll: () => setChosen(only(selected.length === ids.length ? [] : ids)),
    chooseAll: () => setChosen({ ids: new Set(ids), all: true }),
    clear: () => setChosen(only([])),
  };
}

/** Whether the whole view is meant: it was asked for, there is more than the page, and of the page, as it is now, all are still chosen. */
export const isEverything = ({
  all,
  rest,
  chosen,
  open,
}: {
  all: boolean;
  rest: boolean;
  chosen: number;
  open: number;
}): boolean => all && rest && chosen > 0 && chosen === open;
