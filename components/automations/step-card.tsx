"use client";

import { ArrowDown, ArrowUp, Copy, Ellipsis, Trash2 } from "lucide-react";
import type { KeyboardEvent, ReactNode } from "react";
import { Problem } from "@/components/conditions/problem";
import { Field } from "@/components/form/field";
import { Button } from "@/components/ui/button";
import { DropdownMenu, MenuItem, MenuLine } from "@/components/ui/dropdown-menu";
import { Input } from "@/components/ui/input";
import { stepIcons } from "./add-step";
import { BranchEditor } from "./branch-step";
import { useBuilder } from "./builder-context";
import { DelayEditor } from "./delay-step";
import { Disclosure } from "./disclosure";
import type { DraftStep } from "./draft";
import { changeStep, duplicateStep, moveStep, removeStep } from "./draft-changes";
import type { Place } from "./draft-tree";
import { Fields } from "./fields";
import { FlowCard } from "./flow-card";
import { nestingTypes, stepWords } from "./new-step";
import { SendEmailEditor } from "./send-email-step";
import { SplitEditor } from "./split-step";
import { stepSummary } from "./step-summary";
import { UpdateProfileEditor } from "./update-profile-step";
import { useProblemsBelow } from "./use-problems-below";
import { WaitForEditor } from "./wait-for-step";

type Props = {
  place: Place;
  index: number;
  count: number;
  step: DraftStep;
  /** The steps at a place within this one. */
  list: (place: Place) => ReactNode;
};

/** A step of the flow with its settings; a step that nests also shows the flows that it leads to. */
export function StepCard({ place, index, count, step, list }: Props) {
  const { change, readOnly, focusCard } = useBuilder();
  const path = [...place, index].join(".");
  const set = (next: DraftStep) => change((draft) => changeStep(draft, place, index, next));
  const move = (by: -1 | 1) => {
    if (index + by < 0 || index + by >= count) return;
    change((draft) => moveStep(draft, place, index, by));
  };
  const byKeyboard = (event: KeyboardEvent) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : null;
    if (by === null || !event.altKey || readOnly) return;
    event.preventDefault();
    move(by);
  };
  return (
    <FlowCard
      part={step.key}
      path={path}
      icon={stepIcons[step.type]}
      title={stepWords[step.type].label}
      label={`Step ${step.id}`}
      summary={stepSummary(step)}
      nests={nestingTypes.has(step.type)}
      onKeyDown={byKeyboard}
      keyShortcuts={readOnly ? undefined : "Alt+ArrowUp Alt+ArrowDown"}
      actions={
        !readOnly && (
          <DropdownMenu
            trigger={
              <Button variant="ghost" size="icon" aria-label={`Actions for step ${step.id}`}>
                <Ellipsis />
              </Button>
            }
          >
            <MenuItem disabled={index === 0} onSelect={() => move(-1)}>
              <ArrowUp aria-hidden /> Move up
            </MenuItem>
            <MenuItem disabled={index === count - 1} onSelect={() => move(1)}>
              <ArrowDown aria-hidden /> Move down
            </MenuItem>
            <MenuItem
              onSelect={() => {
                change((draft) => duplicateStep(draft, place, index));
              }}
            >
              <Copy aria-hidden /> Duplicate
            </MenuItem>
            <MenuLine />
            <MenuItem
              tone="bad"
              onSelect={() => {
                change((draft) => removeStep(draft, place, index));
                focusCard([...place, Math.max(0, index - 1)].join("."));
              }}
            >
              <Trash2 aria-hidden /> Delete
            </MenuItem>
          </DropdownMenu>
        )
      }
    >
      <div className="space-y-4">
        <Problem path={path} />
        <StepEditor path={path} place={place} index={index} step={step} set={set} list={list} />
        <StepId path={path} step={step} set={set} />
      </div>
    </FlowCard>
  );
}

type EditorProps = Omit<Props, "count"> & { path: string; set: (step: DraftStep) => void };

function StepEditor({ path, place, index, step, set, list }: EditorProps) {
  switch (step.type) {
    case "send_email":
      return <SendEmailEditor path={path} step={step} set={set} />;
    case "delay":
      return <DelayEditor path={path} step={step} set={set} />;
    case "branch":
      return <BranchEditor path={path} place={place} index={index} step={step} set={set} list={list} />;
    case "wait_for":
      return <WaitForEditor path={path} place={place} index={index} step={step} set={set} list={list} />;
    case "split":
      return <SplitEditor path={path} place={place} index={index} step={step} set={set} list={list} />;
    case "update_profile":
      return <UpdateProfileEditor path={path} step={step} set={set} />;
    case "exit":
      return <p className="text-muted text-sm">Whoever comes here leaves the automation, wherever the step stands.</p>;
  }
}

function StepId({ path, step, set }: Pick<EditorProps, "path" | "step" | "set">) {
  return (
    <Disclosure title="Advanced" summary={`id: ${step.id}`} forced={useProblemsBelow([`${path}.id`])}>
      <Fields>
        <Field
          name={`${path}.id`}
          label="Step id"
          hint="Unique in this automation. Keep it from version to version: it is how sends and people are told apart by step."
          className="max-w-sm"
        >
          <Input
            className="font-mono"
            value={step.id}
            onChange={({ target }) => set({ ...step, id: target.value })}
            autoComplete="off"
            spellCheck={false}
          />
        </Field>
      </Fields>
    </Disclosure>
  );
}
