import {
  type BranchStep,
  type DelayStep,
  delayUntil,
  findStep,
  firstStep,
  intoList,
  nextStep,
  type SendEmailStep,
  type SplitStep,
  type Step,
  stepsMax,
  type UpdateProfileStep,
  type WaitForStep,
} from "../automations/schema";
import { durationMs, looked, matches, short } from "../conditions/schema";
import { resolveStream } from "../connections/schema";
import { variantFor } from "./draw";
import { standMs, unknownHoldMs } from "./limits";
import type { Reason } from "./reasons";
import type { Decision, Note, Person, Place, Situation } from "./schema";
import { awaitedSignal, contextOf, exitSignal } from "./signals";
import { unsubscribedFrom } from "./unsubscribed";

/** What happens to a run at its place, now? Pure: same situation, same place, same moment, same answer. */
export function decide(situation: Situation, place: Place, now: Date): Decision {
  const { automation, definition, person, run } = situation;
  if (automation.deleted || automation.status === "archived") return exit(place, "archived");
  // Before parking: what ends a run counts while its automation is paused, too.
  const ending = person && exitSignal(situation, person, now);
  if (ending) return exit(place, "exit_event", ending.details);
  const left = person && unsubscribedFrom(situation);
  if (left) return exit(place, "unsubscribed", left);
  if (automation.status !== "live") return { kind: "park" };
  if (person === null) return exit(place, "profile_deleted");
  if (place.stepId === null) return goTo(firstStep(definition), place, place.readyAt);
  const step = findStep(definition, place.stepId);
  if (step === null) return exit(place, "step_removed");
  if (run.passedStepIds.includes(step.id))
    return goTo(nextStep(definition, step.id), place, place.readyAt, noteOf(step.id, "passed_before", {}));
  return decideStep(situation, { step, person, place }, now);
}

function decideStep(
  situation: Situation,
  { step, person, place }: { step: Step; person: Person; place: Place },
  now: Date,
): Decision {
  switch (step.type) {
    case "exit":
      return exit(place, "exit_step");
    case "delay":
      return decideDelay(situation, person, step, place, now);
    case "wait_for":
      return decideWait(situation, person, step, place, now);
    case "branch":
      return decideBranch(situation, person, step, place, now);
    case "split":
      return decideSplit(situation, person, step, place);
    case "update_profile":
      return decideUpdate(situation, person, step, place);
    case "send_email":
      return decideSend(situation, step, place, now);
  }
}

/** Where a run gets to in one go, and what becomes of the signals that it was looked at with. */
export type Walk = {
  decision: Exclude<Decision, { kind: "go" }>;
  notes: Note[];
  passedStepIds: string[];
  /** Of events that were waited for, or came for nothing, and of those that may still be waited for. */
  signals: { used: string[]; kept: string[] };
};

/** Takes every step that nothing waits for. A run passes each step once, so the end is near. */
export function walk(situation: Situation, now: Date): Walk {
  const { stepId, stepDueAt, readyAt } = situation.run;
  let place: Place = { stepId, stepDueAt, readyAt };
  let { signals } = situation;
  const notes: Note[] = [];
  const passedStepIds: string[] = [];
  for (let moves = 0; moves <= stepsMax + 1; moves += 1) {
    const decision = decide({ ...situation, signals }, place, now);
    if (decision.kind === "park") return { decision, notes, passedStepIds, signals: { used: [], kept: [] } };
    notes.push(...decision.notes);
    if (["go", "update", "complete"].includes(decision.kind) && place.stepId !== null) passedStepIds.push(place.stepId);
    if (decision.kind !== "go") {
      const kept = decision.kind === "update" || (decision.kind === "wait" && decision.keepsSignals) ? signals : [];
      const used = situation.signals.filter((signal) => !kept.includes(signal));
      return { decision, notes, passedStepIds, signals: { used: used.map(idOf), kept: kept.map(idOf) } };
    }
    if (decision.used) signals = signals.slice(signals.indexOf(decision.used) + 1);
    place = decision.to;
  }
  throw new Error(`A run took more than ${stepsMax} steps at once.`);
}

const idOf = ({ eventId }: { eventId: string }) => eventId;

function decideDelay(situation: Situation, person: Person, step: DelayStep, place: Place, now: Date): Decision {
  const { definition, workspaceTimezone } = situation;
  // Measured from when the run was ready, not from when someone had time for it: lateness does not add up.
  const zones = { from: place.readyAt, profileTimezone: person.traits.timezone, workspaceTimezone };
  const until = place.stepDueAt ?? delayUntil(step, zones);
  if (until <= now) return goTo(nextStep(definition, step.id), place, until);
  const notes = place.stepDueAt === null ? [noteOf(step.id, "delay", { until: until.toISOString() })] : [];
  return { kind: "wait", place: { ...place, stepDueAt: until }, until, notes };
}

function decideWait(situation: Situation, person: Person, step: WaitForStep, place: Place, now: Date): Decision {
  const { definition } = situation;
  const since = place.readyAt;
  const until = place.stepDueAt ?? new Date(since.getTime() + durationMs(step.timeout));
  const came = awaitedSignal(situation, { person, step, since, until }, now);
  const details = { event: step.event, until: until.toISOString() };
  if (came !== null) {
    const went = goTo(
      intoList(definition, step, step.then),
      place,
      came.signal.receivedAt,
      noteOf(step.id, "event_came", came.details),
    );
    return went.kind === "go" ? { ...went, used: came.signal } : went;
  }
  if (until <= now)
    return goTo(intoList(definition, step, step.else), place, until, noteOf(step.id, "wait_timed_out", details));
  const notes = place.stepDueAt === null ? [noteOf(step.id, "waited_for", details)] : [];
  return { kind: "wait", place: { ...place, stepDueAt: until }, until, notes };
}

function decideBranch(situation: Situation, person: Person, step: BranchStep, place: Place, now: Date): Decision {
  const context = contextOf(situation, person);
  const index = step.branches.findIndex(({ when }) => matches(when, context, now));
  const asked = step.branches.slice(0, index < 0 ? undefined : index + 1).map(({ when }) => when);
  const chosen = step.branches[index]?.steps ?? step.else;
  const note = noteOf(step.id, index < 0 ? "branch_else" : "branch_taken", {
    ...(index < 0 ? {} : { branch: index + 1 }),
    values: looked(asked, context),
  });
  return goTo(intoList(situation.definition, step, chosen), place, place.readyAt, note);
}

function decideSplit(situation: Situation, person: Person, step: SplitStep, place: Place): Decision {
  const variant = variantFor(step, { automationId: situation.run.automationId, personId: person.id });
  const note = noteOf(step.id, "split_taken", { variant: variant.id, weight: variant.weight });
  return goTo(intoList(situation.definition, step, variant.steps), place, place.readyAt, note);
}

function decideUpdate({ definition }: Situation, { traits }: Person, step: UpdateProfileStep, place: Place): Decision {
  const names = Object.keys(step.set);
  const was = Object.fromEntries(names.map((name) => [name, short(Object.hasOwn(traits, name) ? traits[name] : null)]));
  const set = Object.fromEntries(names.map((name) => [name, short(step.set[name])]));
  const note = noteOf(step.id, "profile_updated", { set, was });
  const went = goTo(nextStep(definition, step.id), place, place.readyAt, note);
  const ends = went.kind === "complete";
  return { kind: "update", place: ends ? went.place : went.to, ends, set: step.set, notes: went.notes };
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
      return { kind: "wait", place, until, notes: [] };
    case "sending":
      return { kind: "wait", place, until, notes: [], keepsSignals: true };
    case "unknown": {
      const released = new Date((sent.unknownSince ?? now).getTime() + unknownHoldMs);
      if (released > now) return { kind: "wait", place, until: released, notes: [], keepsSignals: true };
      return goTo(next, place, released, noteOf(step.id, "unknown_released", {}));
    }
    default: {
      // What was skipped or failed keeps no time of its own; the run was woken then.
      const settledAt = earlier(sent.sentAt ?? situation.run.wasDueAt, now);
      return goTo(next, place, later(settledAt, place.readyAt));
    }
  }
}

const earlier = (one: Date, other: Date): Date => (one < other ? one : other);
const later = (one: Date, other: Date): Date => (one < other ? other : one);

type Went = Extract<Decision, { kind: "go" | "complete" }>;

function goTo(step: Step | null, from: Place, readyAt: Date, ...notes: Note[]): Went {
  if (step !== null) return { kind: "go", to: { stepId: step.id, stepDueAt: null, readyAt }, notes };
  return { kind: "complete", place: { ...from, readyAt }, notes: [...notes, noteOf(from.stepId, "finished", {})] };
}

function exit(
  place: Place,
  reason: Extract<Decision, { kind: "exit" }>["reason"],
  details: Note["details"] = {},
): Decision {
  return { kind: "exit", place, reason, notes: [noteOf(place.stepId, reason, details)] };
}

const noteOf = (stepId: string | null, reason: Reason, details: Record<string, unknown>): Note => ({
  stepId,
  reason,
  details,
});
