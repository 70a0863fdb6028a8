"use client";

import { useDeferredValue, useMemo, useState } from "react";
import type { Connection } from "@/lib/connections/schema";
import type { Builder } from "./builder-context";
import { type Draft, toDefinition } from "./draft";
import { onScreen } from "./draft-problems";
import { keysIn } from "./draft-tree";
import { checkDraft, type Part, type Problems, partsAlong } from "./problems";
import { useShow } from "./use-show";

type Options = { initial: Draft; readOnly: boolean; connections: Connection[]; connectionsPath: string };

const asText = (draft: Draft) => JSON.stringify([draft.name, toDefinition(draft)]);
const sameShape = (one: Draft, other: Draft) => keysIn(one).join() === keysIn(other).join();

/** What is edited, what was saved of it, what is wrong with it, and what of it is open. */
export function useBuilderState({ initial, ...fixed }: Options) {
  const [draft, setDraft] = useState(initial);
  const [savedText, setSavedText] = useState(() => asText(initial));
  const [refused, setRefused] = useState<Problems>({});
  const [checking, setChecking] = useState(false);
  const [view, setView] = useState("flow");
  const [open, setOpen] = useState<ReadonlySet<Part>>(
    () => new Set<Part>(initial.steps.length === 0 ? ["trigger"] : []),
  );
  const settled = useDeferredValue(draft);
  const own = useMemo(() => (checking ? problemsOf(settled) : {}), [checking, settled]);
  const problems = { ...refused, ...own };
  const focusOn = useShow();

  const change = (edit: (draft: Draft) => Draft) => {
    const next = edit(draft);
    // Paths count steps: once those have moved, the server's messages would stand beside the wrong ones.
    if (!sameShape(draft, next)) setRefused({});
    setDraft(next);
  };
  const show = (path: string) => {
    setView("flow");
    setOpen((before) => new Set([...before, ...partsAlong(draft, path)]));
    focusOn(path);
  };
  const toggle = (part: Part) =>
    setOpen((before) =>
      before.has(part) ? new Set([...before].filter((one) => one !== part)) : new Set([...before, part]),
    );

  const builder: Builder = {
    ...fixed,
    draft,
    change,
    isOpen: (part) => open.has(part),
    toggle,
    troubled: new Set(Object.keys(problems).flatMap((path) => partsAlong(draft, path))),
    show,
    focusCard: (path) => focusOn(path, "head"),
  };
  return {
    builder,
    draft,
    dirty: asText(draft) !== savedText,
    problems,
    view,
    setView,
    /** From now on problems are shown as they come and go. */
    refuse: (given: Problems, byServer: boolean) => {
      const found = byServer ? onScreen(draft, given) : given;
      setChecking(true);
      setRefused(byServer ? found : {});
      setOpen((before) => new Set([...before, ...Object.keys(found).flatMap((path) => partsAlong(draft, path))]));
      const [first] = Object.keys(found);
      if (first !== undefined && view === "flow") focusOn(first);
    },
    accept: (saved: Draft) => {
      setSavedText(asText(saved));
      setChecking(false);
      setRefused({});
    },
    replace: (next: Draft) => {
      setDraft(next);
      setRefused({});
    },
    /** A field was touched: what the server said of it no longer counts. */
    touched: (path: string) => {
      if (path in refused) setRefused(Object.fromEntries(Object.entries(refused).filter(([at]) => at !== path)));
    },
  };
}

const problemsOf = (draft: Draft): Problems => {
  const checked = checkDraft(draft);
  return checked.ok ? {} : checked.problems;
};
