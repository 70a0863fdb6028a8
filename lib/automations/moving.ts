import type { AutomationDefinition } from "./definition";
import { findStep } from "./path";
import type { PublishPreview } from "./schema";

/** People of one version who stand at one step; null before the first. */
export type Standing = { versionId: string; number: number; stepId: string | null; people: number };
/** What becomes of them in the new version: see `move_runs` in the migrations. */
export type Fate = PublishPreview["moves"][number]["to"];

/** What becomes of a run that is moved from one definition to another one. */
export function fateOf(stepId: string | null, from: AutomationDefinition | null, to: AutomationDefinition): Fate {
  if (stepId === null) return "same";
  const [before, after] = [from && findStep(from, stepId), findStep(to, stepId)];
  if (after === null) return "gone";
  return before?.type === after.type ? "same" : "changed";
}
