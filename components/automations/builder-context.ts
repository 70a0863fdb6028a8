"use client";

import { createContext, useContext } from "react";
import type { Connection } from "@/lib/connections/schema";
import type { Draft } from "./draft";
import type { Part } from "./problems";

export type Builder = {
  draft: Draft;
  change: (edit: (draft: Draft) => Draft) => void;
  /** Nothing can be changed: the role may not, or the automation is archived. */
  readOnly: boolean;
  connections: Connection[];
  /** Where connections are set up. */
  connectionsPath: string;
  isOpen: (part: Part) => boolean;
  toggle: (part: Part) => void;
  /** Parts that hold something wrong. */
  troubled: ReadonlySet<Part>;
  /** Opens what a path lies in and moves the focus there. */
  show: (path: string) => void;
  /** Moves the focus to the head of a card, open or not; where the card is gone, to what is left around it. */
  focusCard: (path: string) => void;
};

export const BuilderContext = createContext<Builder | null>(null);

export function useBuilder(): Builder {
  const builder = useContext(BuilderContext);
  if (builder === null) throw new Error("This part stands outside a builder.");
  return builder;
}
