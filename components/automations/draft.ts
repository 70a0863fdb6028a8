import type { Rule } from "@/components/conditions/rule";
import type { AutomationDefinition, DelayStep, Reentry, SendEmailStep, Step } from "@/lib/automations/schema";
import { readTrait, type TraitRow, writeTraits } from "./trait-row";

/**
 * An automation while it is being built: its definition, where rules and texts need not be complete yet, and where each step, branch,
 * variant, trait and exit rule carries a `key` that stays its own however it is moved or its id is changed.
 */
export type Draft = {
  name: string;
  trigger: { type: "event"; event: string; where: Rule | null; source: "any" | "server" };
  audience: Rule | null;
  reentry: Reentry;
  exit_when: DraftExit[] | null;
  on_unsubscribe?: AutomationDefinition["on_unsubscribe"];
  goal: AutomationDefinition["goal"];
  steps: DraftStep[];
};
export type DraftExit = { key: number; event: string; where: Rule | null };

export type DraftBranch = { key: number; when: Rule; steps: DraftStep[] };
export type DraftBranchStep = { key: number; id: string; type: "branch"; branches: DraftBranch[]; else: DraftStep[] };
export type DraftWaitForStep = {
  key: number;
  id: string;
  type: "wait_for";
  event: string;
  where: Rule | null;
  timeout: string;
  then: DraftStep[];
  else: DraftStep[];
};
/** `weight` is a text while it is no number. */
export type DraftVariant = { key: number; id: string; weight: unknown; steps: DraftStep[] };
export type DraftSplitStep = { key: number; id: string; type: "split"; variants: DraftVariant[] };
export type DraftTrait = TraitRow & { key: number };
export type DraftUpdateStep = { key: number; id: string; type: "update_profile"; set: DraftTrait[] };
export type DraftStep =
  | (SendEmailStep & { key: number })
  | (DelayStep & { key: number })
  | { key: number; id: string; type: "exit" }
  | DraftBranchStep
  | DraftWaitForStep
  | DraftSplitStep
  | DraftUpdateStep;

export type StepType = Step["type"];

/** What is edited, from what was saved. */
export function toDraft(name: string, definition: AutomationDefinition): Draft {
  const { trigger, audience, reentry, exit_when, on_unsubscribe, goal, steps } = definition;
  const nextKey = counter();
  return {
    name,
    trigger,
    audience,
    reentry,
    exit_when: exit_when?.map((exit) => ({ ...exit, key: nextKey() })) ?? null,
    ...(on_unsubscribe && { on_unsubscribe }),
    goal,
    steps: keyedSteps(steps, nextKey),
  };
}

/** Counts from 1. */
function counter(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}

const keyedSteps = (steps: readonly Step[], nextKey: () => number) => steps.map((step) => keyed(step, nextKey));

function keyed(step: Step, nextKey: () => number): DraftStep {
  const key = nextKey();
  const inside = (steps: readonly Step[]) => keyedSteps(steps, nextKey);
  switch (step.type) {
    case "branch": {
      const branches = step.branches.map((branch) => ({ ...branch, key: nextKey(), steps: inside(branch.steps) }));
      return { ...step, key, branches, else: inside(step.else) };
    }
    case "wait_for":
      return { ...step, key, then: inside(step.then), else: inside(step.else) };
    case "split": {
      const variants = step.variants.map((variant) => ({ ...variant, key: nextKey(), steps: inside(variant.steps) }));
      return { ...step, key, variants };
    }
    case "update_profile": {
      const set = Object.entries(step.set).map(([trait, value]) => ({ ...readTrait(trait, value), key: nextKey() }));
      return { ...step, key, set };
    }
    case "send_email":
    case "delay":
    case "exit":
      return { ...step, key };
  }
}

/** What is saved, from what is edited: for the schema to judge. */
export function toDefinition({ name: _, ...draft }: Draft) {
  const exit_when = draft.exit_when?.map(({ event, where }) => ({ event, where })) ?? null;
  return { ...draft, exit_when, steps: draft.steps.map(unkeyed) };
}

function unkeyed({ key: _, ...step }: DraftStep): unknown {
  const inside = (steps: readonly DraftStep[]) => steps.map(unkeyed);
  switch (step.type) {
    case "branch":
      return {
        ...step,
        branches: step.branches.map(({ when, steps }) => ({ when, steps: inside(steps) })),
        else: inside(step.else),
      };
    case "wait_for":
      return { ...step, then: inside(step.then), else: inside(step.else) };
    case "split":
      return {
        ...step,
        variants: step.variants.map(({ id, weight, steps }) => ({ id, weight, steps: inside(steps) })),
      };
    case "update_profile":
      return { ...step, set: writeTraits(step.set) };
    case "send_email":
    case "delay":
    case "exit":
      return step;
  }
}

/** A new automation, before anything is said. */
export const blankDefinition = (event = "signed_up"): AutomationDefinition => ({
  trigger: { type: "event", event, where: null, source: "any" },
  audience: null,
  reentry: "once",
  exit_when: null,
  goal: null,
  steps: [],
});
