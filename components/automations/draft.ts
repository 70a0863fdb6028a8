import { newComparison, type Rule } from "@/components/conditions/rule";
import type { AutomationDefinition, DelayStep, Reentry, SendEmailStep, Step } from "@/lib/automations/schema";

/**
 * An automation while it is being built: its definition, where rules and texts need not be complete yet, and where each step and
 * branch carries a `key` that stays its own however it is moved or its id is changed. Every change is pure and gives a new draft.
 */
export type Draft = {
  name: string;
  trigger: { type: "event"; event: string; where: Rule | null; source: "any" | "server" };
  audience: Rule | null;
  reentry: Reentry;
  exit_when: AutomationDefinition["exit_when"];
  goal: AutomationDefinition["goal"];
  steps: DraftStep[];
};
export type DraftBranchStep = { key: number; id: string; type: "branch"; branches: DraftBranch[]; else: DraftStep[] };
export type DraftBranch = { key: number; when: Rule; steps: DraftStep[] };
export type DraftStep =
  | (SendEmailStep & { key: number })
  | (DelayStep & { key: number })
  | { key: number; id: string; type: "exit" }
  | DraftBranchStep;

export type StepType = Step["type"];

/** The path of a list of steps from the draft down (`["steps", 2, "branches", 0, "steps"]`); the paths of messages begin alike. */
export type Place = readonly (string | number)[];
export const top: Place = ["steps"];
export const branchPlace = (list: Place, index: number, branch: number): Place => [
  ...list,
  index,
  "branches",
  branch,
  "steps",
];
export const elsePlace = (list: Place, index: number): Place => [...list, index, "else"];

/** What is edited, from what was saved. */
export function toDraft(name: string, definition: AutomationDefinition): Draft {
  let last = 0;
  const nextKey = () => {
    last += 1;
    return last;
  };
  const keyed = (step: Step): DraftStep => {
    if (step.type !== "branch") return { ...step, key: nextKey() };
    const key = nextKey();
    const branches = step.branches.map((branch) => ({
      ...branch,
      key: nextKey(),
      steps: branch.steps.map(keyed),
    }));
    return { ...step, key, branches, else: step.else.map(keyed) };
  };
  const { trigger, audience, reentry, exit_when, goal, steps } = definition;
  return { name, trigger, audience, reentry, exit_when, goal, steps: steps.map(keyed) };
}

/** What is saved, from what is edited: for the schema to judge. */
export function toDefinition({ name: _, ...draft }: Draft) {
  return { ...draft, steps: draft.steps.map(unkeyed) };
}

function unkeyed(step: DraftStep): unknown {
  const { key: _, ...rest } = step;
  if (rest.type !== "branch") return rest;
  const branches = rest.branches.map(({ when, steps }) => ({ when, steps: steps.map(unkeyed) }));
  return { ...rest, branches, else: rest.else.map(unkeyed) };
}

/** The list of steps at a place; empty where the place is gone. */
export function stepsAt(draft: Draft, place: Place): DraftStep[] {
  let at: unknown = draft;
  for (const key of place) at = (at as Record<string | number, unknown> | undefined)?.[key];
  return Array.isArray(at) ? at : [];
}

/** Replaces the list of steps at a place. */
const replaceSteps = (draft: Draft, place: Place, change: (steps: DraftStep[]) => DraftStep[]): Draft =>
  rewrite(draft, place, change);

export const insertStep = (draft: Draft, place: Place, index: number, step: DraftStep): Draft =>
  replaceSteps(draft, place, (steps) => [...steps.slice(0, index), step, ...steps.slice(index)]);

export const removeStep = (draft: Draft, place: Place, index: number): Draft =>
  replaceSteps(draft, place, (steps) => steps.filter((_, at) => at !== index));

export const changeStep = (draft: Draft, place: Place, index: number, step: DraftStep): Draft =>
  replaceSteps(draft, place, (steps) => steps.map((before, at) => (at === index ? step : before)));

/** Swaps a step with its neighbour; at either end nothing happens. */
export const moveStep = (draft: Draft, place: Place, index: number, by: -1 | 1): Draft =>
  replaceSteps(draft, place, (steps) => swapped(steps, index, by));

/** A list with one member and its neighbour swapped; the same list where there is no neighbour. */
export function swapped<T>(list: T[], index: number, by: -1 | 1): T[] {
  const [mine, other] = [list[index], list[index + by]];
  if (mine === undefined || other === undefined) return list;
  return list.map((item, at) => (at === index ? other : at === index + by ? mine : item));
}

/** A copy right behind the step; it and everything in it gets ids and keys of its own. */
export function duplicateStep(draft: Draft, place: Place, index: number): Draft {
  const step = stepsAt(draft, place)[index];
  if (step === undefined) return draft;
  const fresh = { ids: new Set(idsIn(draft.steps)), key: freshKey(draft) };
  return insertStep(draft, place, index + 1, withFreshNames(step, fresh));
}

/** A step to start from: complete but for what only a person can say. */
export function newStep(type: StepType, draft: Draft, connectionId: string | null): DraftStep {
  const id = freshId(stepWords[type].id, new Set(idsIn(draft.steps)));
  const key = freshKey(draft);
  switch (type) {
    case "send_email":
      return {
        key,
        id,
        type,
        email_provider_id: connectionId,
        subject: "",
        html: null,
        text: null,
        template_id: null,
        from_email: null,
        from_name: null,
        reply_to_email: null,
        message_stream: null,
      };
    case "delay":
      return { key, id, type, for: "P1D", until: null };
    case "branch":
      return { key, id, type, branches: [newBranch(key + 1)], else: [] };
    case "exit":
      return { key, id, type };
  }
}

export const newBranch = (key: number): DraftBranch => ({
  key,
  when: newComparison(),
  steps: [],
});

/** What the builder calls each type, and how its ids begin. */
export const stepWords: Record<StepType, { label: string; hint: string; id: string }> = {
  send_email: { label: "Send email", hint: "One email through a connection", id: "email" },
  delay: { label: "Wait", hint: "For a time, or until a time of day", id: "wait" },
  branch: { label: "Branch", hint: "Go on by conditions", id: "branch" },
  exit: { label: "Exit", hint: "End the run here", id: "exit" },
};

/** A new automation, before anything is said. */
export const blankDefinition = (event = "signed_up"): AutomationDefinition => ({
  trigger: { type: "event", event, where: null, source: "any" },
  audience: null,
  reentry: "once",
  exit_when: null,
  goal: null,
  steps: [],
});

/** A step's own lists of steps. */
const listsOf = (step: DraftStep): DraftStep[][] =>
  step.type === "branch" ? [...step.branches.map((branch) => branch.steps), step.else] : [];

/** Every id in these steps and inside their branches, in order. */
export const idsIn = (steps: readonly DraftStep[]): string[] =>
  steps.flatMap((step) => [step.id, ...listsOf(step).flatMap(idsIn)]);

/** Every key in these steps, branches included, in order. */
export const keysIn = (steps: readonly DraftStep[]): number[] =>
  steps.flatMap((step) => [
    step.key,
    ...(step.type === "branch" ? step.branches.map((branch) => branch.key) : []),
    ...listsOf(step).flatMap(keysIn),
  ]);

/** A key that no step or branch has, and none above it is taken either. */
export const freshKey = (draft: Draft): number => keysIn(draft.steps).reduce((most, key) => Math.max(most, key), 0) + 1;

/** The first of base, base-2, base-3… that is not taken. */
function freshId(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}

function withFreshNames(step: DraftStep, fresh: { ids: Set<string>; key: number }): DraftStep {
  const id = freshId(step.id.replace(/-\d+$/, "").slice(0, 58) || "step", fresh.ids);
  fresh.ids.add(id);
  const nextKey = () => {
    fresh.key += 1;
    return fresh.key - 1;
  };
  const key = nextKey();
  if (step.type !== "branch") return { ...step, id, key };
  const inside = (steps: DraftStep[]) => steps.map((inner) => withFreshNames(inner, fresh));
  const branches = step.branches.map((branch) => ({ ...branch, key: nextKey(), steps: inside(branch.steps) }));
  return { ...step, id, key, branches, else: inside(step.else) };
}

/** Rebuilds the objects and lists along a path; everything beside it stays the same value. */
function rewrite<T>(value: T, path: Place, change: (steps: DraftStep[]) => DraftStep[]): T {
  const [key, ...rest] = path;
  // The end of a path that stepsAt() understands is a list of steps.
  if (key === undefined) return change(value as DraftStep[]) as T;
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? rewrite(item, rest, change) : item)) as T;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  return { ...value, [key]: rewrite((value as Record<string | number, unknown>)[key], rest, change) };
}
