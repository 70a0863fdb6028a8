import {
  type BranchStep,
  type DelayStep,
  delayUntil,
  findStep,
  firstStep,
  intoBranch,
  nextStep,
  type SendEmailStep,
  type Step,
  stepsMax,
} from "../automations/schema";
import { type ConditionContext, matches, profileFields } from "../conditions/schema";
import { resolveStream } from "../connections/schema";
import { standMs, unknownHoldMs } from "./limits";
import { looked } from "./looked";
import type { Reason } from "./reasons";
import type { Decision, Note, Person, Place, Situation } from "./schema";

/** What happens to a run at its place, now? Pure: same situation, same place, same moment, same answer. */
export function decide(situation: Situation, place: Place, now: Date): Decision {
  const { automation, definition, person } = situation;
  if (automation.deleted || automation.status === "archived") return exit(place, "archived");
  if (automation.status !== "live") return { kind: "park" };
  if (person === null) return exit(place, "profile_deleted");
  if (place.stepId === null) return goTo(firstStep(definition), place, place.readyAt);
  const step = findStep(definition, place.stepId);
  if (step === null) return exit(place, "step_removed");
  switch (step.type) {
    case "exit":
      return exit(place, "exit_step");
    case "delay":
      return decideDelay(situation, person, step, place, now);
    case "branch":
      return decideBranch(situation, person, step, place, now);
    case "send_email":
      return decideSend(situation, step, place, now);
  }
}

/** Where a run gets to in one go: it takes every step that nothing waits for. A run passes each step once, so the end is near. */
export function walk(situation: Situation, now: Date): { decision: Exclude<Decision, { kind: "go" }>; notes: Note[] } {
  const { stepId, stepDueAt, readyAt } = situation.run;
  let place: Place = { stepId, stepDueAt, readyAt };
  const notes: Note[] = [];
  for (let moves = 0; moves <= stepsMax + 1; moves += 1) {
    const decision = decide(situation, place, now);
    if (decision.kind !== "park") notes.push(...decision.notes);
    if (decision.kind !== "go") return { decision, notes };
    place = decision.to;
  }
  throw new Error(`A run took more than ${stepsMax} steps at once.`);
}

function decideDelay(situation: Situation, person: Person, step: DelayStep, place: Place, now: Date): Decision {
  const { definition, workspaceTimezone } = situation;
  // Measured from when the run was ready, not from when someone had time for it: lateness does not add up.
  const zones = { from: place.readyAt, profileTimezone: person.traits.timezone, workspaceTimezone };
  const until = place.stepDueAt ?? delayUntil(step, zones);
  if (until <= now) return goTo(nextStep(definition, step.id), place, until);
  const notes = place.stepDueAt === null ? [noteOf(step.id, "delay", { until: until.toISOString() })] : [];
  return { kind: "wait", place: { ...place, stepDueAt: until }, until, notes };
}

function decideBranch(situation: Situation, person: Person, step: BranchStep, place: Place, now: Date): Decision {
  const context: ConditionContext = { profile: profileFields(person), event: situation.event?.properties ?? {} };
  const index = step.branches.findIndex(({ when }) => matches(when, context, now));
  const asked = step.branches.slice(0, index < 0 ? undefined : index + 1).map(({ when }) => when);
  const chosen = step.branches[index]?.steps ?? step.else;
  const note = noteOf(step.id, index < 0 ? "branch_else" : "branch_taken", {
    ...(index < 0 ? {} : { branch: index + 1 }),
    values: looked(asked, context),
  });
  return goTo(intoBranch(situation.definition, step, chosen), place, place.readyAt, note);
}

function decideSend(situation: Situation, step: SendEmailStep, place: Place, now: Date): Decision {
  const next = nextStep(situation.definition, step.id);
  const until = new Date(now.getTime() + standMs);
  const sent = situation.sends.get(step.id);
  if (sent === undefined) {
    const connection = situation.connections.get(step.email_provider_id ?? "");
    if (connection === undefined)
      return goTo(next, place, place.readyAt, noteOf(step.id, "connection_missing", { id: step.email_provider_id }));
    const stream = resolveStream(connection, step.message_stream);
    const notes = [noteOf(step.id, "reached", { stream })];
    return {
      kind: "send",
      place: { ...place, stepDueAt: null },
      until,
      step,
      connectionId: connection.id,
      stream,
      notes,
    };
  }
  switch (sent.status) {
    case "queued":
    case "sending":
      return { kind: "wait", place, until, notes: [] };
    case "unknown": {
      const released = new Date((sent.unknownSince ?? now).getTime() + unknownHoldMs);
      if (released > now) return { kind: "wait", place, until: released, notes: [] };
      return goTo(next, place, now, noteOf(step.id, "unknown_released", {}));
    }
    default: {
      // What was skipped or failed keeps no time of its own; the run was woken then.
      const settledAt = sent.sentAt ?? (situation.run.wasDueAt < now ? situation.run.wasDueAt : now);
      return goTo(next, place, settledAt);
    }
  }
}

function goTo(step: Step | null, from: Place, readyAt: Date, ...notes: Note[]): Decision {
  if (step !== null) return { kind: "go", to: { stepId: step.id, stepDueAt: null, readyAt }, notes };
  return { kind: "complete", place: { ...from, readyAt }, notes: [...notes, noteOf(from.stepId, "finished", {})] };
}

function exit(place: Place, reason: Extract<Decision, { kind: "exit" }>["reason"]): Decision {
  return { kind: "exit", place, reason, notes: [noteOf(place.stepId, reason, {})] };
}

const noteOf = (stepId: string | null, reason: Reason, details: Record<string, unknown>): Note => ({
  stepId,
  reason,
  details,
});
