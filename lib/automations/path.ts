import type { BranchStep, SendEmailStep, Step } from "./definition";

type Steps = { readonly steps: Step[] };

/** Where a run begins, null in a definition without steps. */
export const firstStep = ({ steps }: Steps): Step | null => steps[0] ?? null;

/** The step of this id, wherever it is nested; null where there is none. */
export const findStep = (definition: Steps, id: string): Step | null =>
  allSteps(definition).find((step) => step.id === id) ?? null;

/**
 * Where a run goes after this step: the next one of its own list; after the last one of a branch, the step that follows
 * the branch. For a branch step itself, that is where a run goes whose chosen list is empty. Null: the run is complete.
 */
export function nextStep({ steps }: Steps, id: string): Step | null {
  const search = (list: Step[], after: Step | null): { next: Step | null } | null => {
    for (const [index, step] of list.entries()) {
      const next = list[index + 1] ?? after;
      if (step.id === id) return { next };
      const inside = listsOf(step).map((inner) => search(inner, next));
      const found = inside.find((result) => result !== null);
      if (found) return found;
    }
    return null;
  };
  return search(steps, null)?.next ?? null;
}

/** Where a run goes that takes one of a branch step's lists (`branch.branches[n].steps` or `branch.else`). */
export const intoBranch = (definition: Steps, branch: BranchStep, chosen: Step[]): Step | null =>
  chosen[0] ?? nextStep(definition, branch.id);

/** Every step, in the order in which they are written. */
export const allSteps = ({ steps }: Steps): Step[] =>
  steps.flatMap((step) => [step, ...listsOf(step).flatMap((inner) => allSteps({ steps: inner }))]);

/** Every step with its path in the definition, such as `steps.0.branches.1.steps.0`: where a form shows what is wrong with it. */
export const placedSteps = ({ steps }: Steps, at = "steps"): { step: Step; path: string }[] =>
  steps.flatMap((step, index) => {
    const path = `${at}.${index}`;
    if (step.type !== "branch") return [{ step, path }];
    const inner = step.branches.flatMap((branch, number) => placedSteps(branch, `${path}.branches.${number}.steps`));
    return [{ step, path }, ...inner, ...placedSteps({ steps: step.else }, `${path}.else`)];
  });

/** Every step that sends. */
export const sendSteps = (definition: Steps): SendEmailStep[] =>
  allSteps(definition).filter((step) => step.type === "send_email");

const listsOf = (step: Step): Step[][] =>
  step.type === "branch" ? [...step.branches.map((branch) => branch.steps), step.else] : [];
