import type { Draft, DraftStep } from "./draft";
import { freshKey, idsIn, type Place, replaceSteps, stepsAt } from "./draft-tree";
import { freshId } from "./new-step";

/** Every change is pure and gives a new draft. */
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

type Fresh = { ids: Set<string>; key: number };

function withFreshNames(step: DraftStep, fresh: Fresh): DraftStep {
  const id = freshId(step.id.replace(/-\d+$/, "").slice(0, 58) || "step", fresh.ids);
  fresh.ids.add(id);
  const nextKey = () => {
    fresh.key += 1;
    return fresh.key - 1;
  };
  const key = nextKey();
  const inside = (steps: DraftStep[]) => steps.map((inner) => withFreshNames(inner, fresh));
  switch (step.type) {
    case "branch": {
      const branches = step.branches.map((branch) => ({ ...branch, key: nextKey(), steps: inside(branch.steps) }));
      return { ...step, id, key, branches, else: inside(step.else) };
    }
    case "wait_for":
      return { ...step, id, key, then: inside(step.then), else: inside(step.else) };
    case "split": {
      const variants = step.variants.map((variant) => ({ ...variant, key: nextKey(), steps: inside(variant.steps) }));
      return { ...step, id, key, variants };
    }
    case "update_profile":
      return { ...step, id, key, set: step.set.map((trait) => ({ ...trait, key: nextKey() })) };
    case "send_email":
    case "delay":
    case "exit":
      return { ...step, id, key };
  }
}
