import type { ExitRule, WaitForStep } from "../automations/schema";
import { type Condition, type ConditionContext, looked, matches, profileFields } from "../conditions/schema";
import type { Note, Person, Signal, Situation } from "./schema";

/** What a rule sees that is asked of the person and of the event that started the run, or of the one that came. */
export const contextOf = ({ event, performed }: Situation, person: Person, signal?: Signal): ConditionContext => ({
  profile: profileFields(person),
  event: (signal ?? event)?.properties ?? {},
  performed,
});

type Came = { signal: Signal; details: Note["details"] };

/** The first event that ends the run, of those that nobody has looked at yet. */
export function exitSignal(situation: Situation, person: Person, now: Date): Came | null {
  const rules = situation.definition.exit_when ?? [];
  return first(situation, person, now, (signal) =>
    signal.seen ? [] : rules.filter(({ event }) => event === signal.name),
  );
}

/** The first event that a step has waited for, of those that came while it did. */
export function awaitedSignal(
  situation: Situation,
  { person, step, since, until }: { person: Person; step: WaitForStep; since: Date; until: Date },
  now: Date,
): Came | null {
  const inTime = ({ receivedAt }: Signal) => receivedAt >= since && receivedAt <= until;
  return first(situation, person, now, (signal) => (signal.name === step.event && inTime(signal) ? [step] : []));
}

/** The first signal of which one of its rules holds, with what was looked at. */
function first(
  situation: Situation,
  person: Person,
  now: Date,
  rulesOf: (signal: Signal) => Pick<ExitRule, "where">[],
): Came | null {
  for (const signal of situation.signals) {
    const context = contextOf(situation, person, signal);
    const rule = rulesOf(signal).find(({ where }) => where === null || matches(where, context, now));
    if (rule !== undefined) return { signal, details: detailsOf(signal, rule.where, context) };
  }
  return null;
}

const detailsOf = (signal: Signal, where: Condition | null, context: ConditionContext): Note["details"] => ({
  event: signal.name,
  event_id: signal.eventId,
  received_at: signal.receivedAt.toISOString(),
  ...(where && { values: looked([where], context) }),
});
