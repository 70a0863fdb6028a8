import type { Draft, DraftStep } from "./draft";

/** The path of a list of steps from the draft down (`["steps", 2, "branches", 0, "steps"]`); the paths of messages begin alike. */
export type Place = readonly (string | number)[];
export const top: Place = ["steps"];

/** One of a step's own lists of steps; `path` leads there from the step. */
export type Way = { path: Place; steps: DraftStep[] };

/** The ways that lead on from a step, in the order of the screen; none for a step that holds no others. */
export function waysOf(step: DraftStep): Way[] {
  switch (step.type) {
    case "branch":
      return [
        ...step.branches.map(({ steps }, number) => ({ path: ["branches", number, "steps"], steps })),
        { path: ["else"], steps: step.else },
      ];
    case "wait_for":
      return [
        { path: ["then"], steps: step.then },
        { path: ["else"], steps: step.else },
      ];
    case "split":
      return step.variants.map(({ steps }, number) => ({ path: ["variants", number, "steps"], steps }));
    case "send_email":
    case "delay":
    case "update_profile":
    case "exit":
      return [];
  }
}

/** The place of a way of the step at `index` of a list. */
export const wayPlace = (list: Place, index: number, path: Place): Place => [...list, index, ...path];

/** How many lists lie on the way to a place, itself included: its depth, as the schema counts it. */
export const depthOf = (place: Place): number =>
  place.filter((part) => part === "steps" || part === "then" || part === "else").length;

/** The list of steps at a place; empty where the place is gone. */
export function stepsAt(draft: Draft, place: Place): DraftStep[] {
  let at: unknown = draft;
  for (const key of place) at = (at as Record<string | number, unknown> | undefined)?.[key];
  return Array.isArray(at) ? at : [];
}

/** Every step in a list and within its steps, in order. */
export const allDraftSteps = (steps: readonly DraftStep[]): DraftStep[] =>
  steps.flatMap((step) => [step, ...waysOf(step).flatMap((way) => allDraftSteps(way.steps))]);

/** Every id of a step in these and within them, in order. */
export const idsIn = (steps: readonly DraftStep[]): string[] => allDraftSteps(steps).map(({ id }) => id);

/** The keys of a step itself and of what it holds that is no step. */
function ownKeys(step: DraftStep): number[] {
  switch (step.type) {
    case "branch":
      return [step.key, ...step.branches.map(({ key }) => key)];
    case "split":
      return [step.key, ...step.variants.map(({ key }) => key)];
    case "update_profile":
      return [step.key, ...step.set.map(({ key }) => key)];
    case "wait_for":
    case "send_email":
    case "delay":
    case "exit":
      return [step.key];
  }
}

/** Every key in a draft: exit rules first, then the steps in order. */
export const keysIn = (draft: Draft): number[] => [
  ...(draft.exit_when ?? []).map(({ key }) => key),
  ...allDraftSteps(draft.steps).flatMap(ownKeys),
];

/** A key that nothing in the draft has, and none above it is taken either. */
export const freshKey = (draft: Draft): number => keysIn(draft).reduce((most, key) => Math.max(most, key), 0) + 1;

/** Replaces the list of steps at a place. Rebuilds what lies along the path; everything beside it stays the same value. */
export const replaceSteps = (draft: Draft, place: Place, change: (steps: DraftStep[]) => DraftStep[]): Draft =>
  rewrite(draft, place, change);

function rewrite<T>(value: T, path: Place, change: (steps: DraftStep[]) => DraftStep[]): T {
  const [key, ...rest] = path;
  // The end of a path that stepsAt() understands is a list of steps.
  if (key === undefined) return change(value as DraftStep[]) as T;
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? rewrite(item, rest, change) : item)) as T;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return value;
  return { ...value, [key]: rewrite((value as Record<string | number, unknown>)[key], rest, change) };
}
