import { type AutomationDefinition, allSteps } from "../automations/schema";
import { type Condition, type PerformedQuery, performedQueries } from "../conditions/schema";
import type { ClaimedRun, Signal } from "./schema";

/**
 * What has to be counted before a run can be walked on from where it stands: what the branches that it may still come to ask, and
 * where events have come for it, what is asked of them. Nothing while it only goes on waiting.
 */
export function asksOf(
  definition: AutomationDefinition,
  run: Pick<ClaimedRun, "stepId" | "stepDueAt">,
  { signals, now }: { signals: readonly Signal[]; now: Date },
): PerformedQuery[] {
  const waits = run.stepDueAt !== null && run.stepDueAt > now;
  if (signals.length === 0 && waits) return [];
  const named = new Set(signals.map(({ name }) => name));
  const ahead = stepsFrom(definition, run.stepId).flatMap((step): (Condition | null)[] => {
    if (step.type === "branch") return step.branches.map(({ when }) => when);
    return step.type === "wait_for" && named.has(step.event) ? [step.where] : [];
  });
  const ending = (definition.exit_when ?? []).flatMap(({ event, where }) => (named.has(event) ? [where] : []));
  const queries = [...ahead, ...ending].flatMap((condition) => (condition === null ? [] : performedQueries(condition)));
  return [...new Map(queries.map((query) => [query.key, query])).values()];
}

/** The step of this id and all that are written behind it: a run only ever goes that way. */
function stepsFrom(definition: AutomationDefinition, stepId: string | null) {
  const steps = allSteps(definition);
  return steps.slice(
    Math.max(
      0,
      steps.findIndex(({ id }) => id === stepId),
    ),
  );
}
