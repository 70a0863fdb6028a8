"use client";

import { BellRing, GitBranch, Hourglass, LogOut, type LucideIcon, Mail, Plus, Split, UserPen } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/components/ui/button";
import { DropdownMenu, MenuItem } from "@/components/ui/dropdown-menu";
import { nestingMax } from "@/lib/automations/schema";
import { useBuilder } from "./builder-context";
import type { StepType } from "./draft";
import { insertStep } from "./draft-changes";
import { depthOf, type Place } from "./draft-tree";
import { nestingTypes, newStep, stepTypes, stepWords } from "./new-step";

export const stepIcons: Record<StepType, LucideIcon> = {
  send_email: Mail,
  delay: Hourglass,
  wait_for: BellRing,
  branch: GitBranch,
  split: Split,
  update_profile: UserPen,
  exit: LogOut,
};

type Props = {
  place: Place;
  index: number;
  /** Between two steps: the id of the one that comes next. Null at the end of a list. */
  before: string | null;
};

/** Puts a step of a chosen type at a place of the flow. */
export function AddStep({ place, index, before }: Props) {
  const { draft, change, show, toggle, connections } = useBuilder();
  const chosen = useRef(false);
  const add = (type: StepType) => {
    const usable = connections.filter((connection) => connection.status !== "disabled");
    const first = usable.find(({ is_default }) => is_default) ?? usable[0];
    const step = newStep(type, draft, first?.id ?? null);
    chosen.current = true;
    change((now) => insertStep(now, place, index, step));
    toggle(step.key);
    if (step.type === "branch") for (const branch of step.branches) toggle(branch.key);
    show([...place, index].join("."));
  };
  // Each list on the way is one level, as the schema counts them.
  const full = depthOf(place) > nestingMax;
  const tooDeep = (type: StepType) => full && nestingTypes.has(type);
  return (
    <DropdownMenu
      align="start"
      onCloseAutoFocus={(event) => {
        if (chosen.current) event.preventDefault();
        chosen.current = false;
      }}
      trigger={
        before === null ? (
          <Button size="sm">
            <Plus aria-hidden /> Add step
          </Button>
        ) : (
          <Button
            variant="secondary"
            size="icon"
            aria-label={`Insert step before ${before}`}
            className="size-6 rounded-full text-faint hover:text-ink pointer-coarse:size-8"
          >
            <Plus className="size-3.5" />
          </Button>
        )
      }
    >
      {stepTypes.map((type) => {
        const Icon = stepIcons[type];
        return (
          <MenuItem key={type} disabled={tooDeep(type)} onSelect={() => add(type)}>
            <Icon aria-hidden />
            <span>
              <span className="block font-medium">{stepWords[type].label}</span>
              <span className="block text-muted text-xs">
                {tooDeep(type) ? `Steps nest at most ${nestingMax} deep` : stepWords[type].hint}
              </span>
            </span>
          </MenuItem>
        );
      })}
    </DropdownMenu>
  );
}
