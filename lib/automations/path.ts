import type { SendEmailStep, Step } from "./steps";

type Steps = { readonly steps: Step[] };

/** Where a run begins, null in a definition without steps. */
export const firstStep = ({ steps }: Steps): Step | null => steps[0] ?? null;

/** The step of this id, wherever it is nested; null where there is none. */
export const findStep = (definition: Steps, id: string): Step | null =>
  allSteps(definition).find((step) => step.id === id) ?? null;

/**
 * Where a run goes after this step: the next one of its own list; after the last one of an inner list, the step that follows
 * the step which holds it. For that step itself, this is where a run goes whose chosen list is empty. Null: the run is complete.
 */
export function nextStep({ steps }: Steps, id: string): Step | null {
  const search = (list: Step[], after: Step | null): { next: Step | null } | null => {
    for (const [index, step] of list.entries()) {
      const next = list[index + 1] ?? after;
      if (step.id === id) return { next };
      const inside = innerLists(step).map((inner) => search(inner.steps, next));
      const found = inside.find((result) => result !== null);
      if (found) return found;
    }
    return null;
  };
  return search(steps, null)?.next ?? null;
}

/** Where a run goes that takes one of a step's inner lists. */
export const intoList = (definition: Steps, { id }: { id: string }, chosen: Step[]): Step | null =>
  chosen[0] ?? nextStep(definition, id);

/** Every step, in the order in which they are written. */
export const allSteps = ({ steps }: Steps): Step[] =>
  steps.flatMap((step) => [step, ...innerLists(step).flatMap(allSteps)]);

/** Every step with its path in the definition, such as `steps.0.branches.1.steps.0`: where a form shows what is wrong with it. */
export const placedSteps = ({ steps }: Steps, at = "steps"): { step: Step; path: string }[] =>
  steps.flatMap((step, index) => {
    const path = `${at}.${index}`;
    return [
      { step, path },
      ...innerLists(step).flatMap((inner) => placedSteps(inner, `${path}.${inner.at.join(".")}`)),
    ];
  });

/** Every step that sends. */
export const sendSteps = (definition: Steps): SendEmailStep[] =>
  allSteps(definition).filter((step) => step.type === "send_email");

/** The lists of steps that a step holds, in the order in which they are written, each with its path within the step. */
export function innerLists(step: Step): { at: (string | number)[]; steps: Step[] }[] {
  switch (step.type) {
    case "branch":
      return [
        ...step.branches.map(({ steps }, index) => ({ at: ["branches", index, "steps"], steps })),
        { at: ["else"], steps: step.else },
      ];
    case "wait_for":
      return [
        { at: ["then"], steps: step.then },
        { at: ["else"], steps: step.else },
      ];
    case "split":
      return step.variants.map(({ steps }, index) => ({ at: ["variants", index, "steps"], steps }));
    default:
      return [];
  }
}
