import type { AutomationStatus } from "../automations/schema";
import { reasonSentence } from "./reasons";
import { type EntryFacts, notEntered, type WhyEvent } from "./why-entry";
import type { WhyAnswer, WhyAutomation, WhyDecision, WhyNotEntered, WhyRun } from "./why-schema";
import { type StandingRun, type StandingSend, type Surroundings, standOfRun, standOfSend } from "./why-stand";
import { answerOf } from "./why-words";

export type StoredDecision = Omit<WhyDecision, "sentence" | "at"> & { at: Date };

/** One run with everything that was written down about it. */
export type StoredRun = Pick<StandingRun, "status" | "reason" | "stepDueAt" | "dueAt" | "endedAt"> & {
  id: string;
  version: number;
  stepId: string | null;
  enteredAt: Date;
  /** Oldest first, as both below. `happenedAt`: when it came to its status, where the send itself keeps that. */
  sends: readonly (Omit<StandingSend, "settledAt" | "sentBy"> & { happenedAt: Date | null })[];
  decisions: readonly StoredDecision[];
};

/** All that an answer about one person and one automation may look at. If it is not in here, it cannot be the reason. */
export type WhyFacts = {
  automation: { id: string; name: string; status: AutomationStatus };
  around: Surroundings;
  entry: EntryFacts;
  /** The trigger's events, newest first; `more` there are. */
  events: readonly WhyEvent[];
  moreEvents: boolean;
  /** The names that start it or started it, the present one first. */
  startsOn: readonly string[];
  /** Newest first. */
  runs: readonly StoredRun[];
  moreRuns: boolean;
};

/** Why this person did, or did not, get this automation's email. Pure, and never without an answer. */
export function whyOf(facts: WhyFacts, now: Date): Omit<WhyAutomation, "profile_id"> {
  const { automation, entry, events, startsOn, moreEvents: more } = facts;
  const runs = facts.runs.map((run) => toRun(run, facts.around, now));
  const missed = notEntered(events, entry, { startsOn, more });
  return {
    automation_id: automation.id,
    automation_name: automation.name,
    automation_status: automation.status,
    answer: headline(runs[0], missed),
    runs,
    more_runs: facts.moreRuns,
    not_entered: missed,
  };
}

/** What became of the newest run, unless something later came that should have started another one and did not. */
function headline(run: WhyRun | undefined, missed: WhyNotEntered | null): WhyAnswer {
  const newest = missed?.checked[0];
  if (run !== undefined && (newest === undefined || newest.at < run.entered_at || isRepeat(newest.reason)))
    return run.answer;
  if (missed === null) return answerOf({ code: "its_turn", since: null, until: null });
  return { code: missed.reason, sentence: `Did not enter. ${missed.sentence}`, since: newest?.at ?? null, until: null };
}

/** They are in, or were: that they do not enter again is not why an email is missing. */
const isRepeat = (reason: string) => reason === "already_entered" || reason === "entered_lately";

function toRun(run: StoredRun, around: Surroundings, now: Date): WhyRun {
  const sends = run.sends.map((send) => standing(send, run.decisions));
  const waitsFor = run.decisions.findLast(({ kind }) => kind === "waited")?.reason ?? null;
  return {
    enrollment_id: run.id,
    version: run.version,
    status: run.status,
    step_id: run.stepId,
    reason: run.reason,
    entered_at: run.enteredAt.toISOString(),
    ended_at: run.endedAt?.toISOString() ?? null,
    answer: standOfRun({ ...run, sends, waitsFor }, around, now),
    sends: sends.map((send) => ({
      send_id: send.id,
      step_id: send.stepId,
      subject: send.subject,
      status: send.status,
      answer: answerOf(standOfSend(send, around, now)),
    })),
    decisions: run.decisions.map(toDecision),
  };
}

/** A send's row does not keep when it was skipped or how it is known that it left; the decisions about it do. */
function standing(
  { happenedAt, ...send }: StoredRun["sends"][number],
  decisions: readonly StoredDecision[],
): StandingSend {
  const own = decisions.filter((decision) => decision.send_id === send.id);
  const settled = own.findLast(({ kind }) => kind === send.status);
  const sentBy = own.findLast(({ kind }) => kind === "sent")?.reason ?? null;
  return { ...send, sentBy, settledAt: happenedAt ?? settled?.at ?? null };
}

export const toDecision = ({ at, ...decision }: StoredDecision): WhyDecision => ({
  ...decision,
  at: at.toISOString(),
  sentence: reasonSentence(decision.reason, decision.kind) ?? `${decision.reason.replaceAll("_", " ")}.`,
});
