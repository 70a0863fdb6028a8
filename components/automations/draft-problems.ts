import type { Draft, DraftStep } from "./draft";
import { allDraftSteps, type Place, top, waysOf } from "./draft-tree";
import { traitProblem } from "./trait-row";

/** Dotted path in the draft → what is wrong there. */
export type Problems = Record<string, string[]>;

// Longer names are refused by the schema, and that is then about the name and not about its value.
const traitNameLengthMax = 128;

/** What is wrong with a draft that its definition cannot show: one name has one value there, and a text is a text. */
export function ownProblems(draft: Draft): Problems {
  const problems: Problems = {};
  for (const { step, path } of placed(draft.steps, top)) {
    if (step.type !== "update_profile") continue;
    for (const index of step.set.keys()) {
      const found = traitProblem(step.set, index);
      if (found) problems[[...path, "set", index, found.at].join(".")] = [found.sentence];
    }
  }
  return problems;
}

const placed = (steps: readonly DraftStep[], list: Place): { step: DraftStep; path: Place }[] =>
  steps.flatMap((step, index) => {
    const path = [...list, index];
    return [{ step, path }, ...waysOf(step).flatMap((way) => placed(way.steps, [...path, ...way.path]))];
  });

/**
 * Messages speak of the definition, where traits stand under their names (`steps.0.set.plan`); the screen counts rows
 * (`steps.0.set.1.value`). All other paths are the same.
 */
export function onScreen(draft: Draft, problems: Problems): Problems {
  if (!allDraftSteps(draft.steps).some((step) => step.type === "update_profile")) return problems;
  return Object.fromEntries(Object.entries(problems).map(([path, said]) => [screenPath(draft, path), said]));
}

function screenPath(draft: Draft, path: string): string {
  for (const { step, path: at } of placed(draft.steps, top)) {
    const prefix = `${at.join(".")}.set.`;
    if (step.type !== "update_profile" || !path.startsWith(prefix)) continue;
    const rest = path.slice(prefix.length);
    // Names may hold dots, so they are compared whole.
    const index = step.set.findLastIndex(({ name }) => rest === name);
    if (index < 0) return path;
    return `${prefix}${index}.${rest === "" || rest.length > traitNameLengthMax ? "name" : "value"}`;
  }
  return path;
}
