import { type LiveTrigger, triggerAgeMsMax } from "../automations/schema";
import {
  type Condition,
  type ConditionContext,
  describeCondition,
  durationMs,
  looked,
  matches,
  needsProfile,
  profileFields,
} from "../conditions/schema";
import { type ReasonOf, reasons } from "./reasons";
import type { Person } from "./schema";
import { type History, statusAt, stopAt, versionAt } from "./why-history";
import type { CheckedEvent, WhyNotEntered } from "./why-schema";
import { momentWords } from "./why-words";

/** A stored event that could have started a run. */
export type WhyEvent = {
  id: string;
  name: string;
  source: string;
  properties: Readonly<Record<string, unknown>>;
  occurredAt: Date;
  receivedAt: Date;
};
/** A run that the person has or had, by its beginning. */
type Entry = { enrollmentId: string; eventId: string | null; at: Date };

/** What entering depended on. The person is known only as they are now. `performed`: by event, what had been done then. */
export type EntryFacts = {
  history: History;
  person: Person;
  entries: readonly Entry[];
  performed: ReadonlyMap<string, ReadonlyMap<string, number>>;
};
type Verdict = { reason: ReasonOf<"entered" | "not_entered">; sentence: string; details: Record<string, unknown> };

/** An entry this close to an event counts as before it: the two were under way at once. */
const atOnceMs = 60_000;

/** Did this event start a run, and why not? Pure; what is asked of the person is asked as they are now, and the sentence says so. */
export function checkEvent(event: WhyEvent, facts: EntryFacts): Verdict {
  const started = facts.entries.find(({ eventId }) => eventId === event.id);
  if (started) return said("trigger", { enrollment_id: started.enrollmentId });
  const closed = whileClosed(event, facts);
  if (closed) return closed;
  const version = versionAt(facts.history, event.receivedAt);
  if (!version?.trigger) return said("version_unreadable", { version: version?.number ?? null });
  const { number, trigger } = version;
  const found =
    byTrigger(event, trigger) ??
    byConditions(event, trigger, facts) ??
    byReentry(event, trigger, facts) ??
    byElse(event, trigger, facts);
  return { ...found, details: { version: number, ...found.details } };
}

/** Nobody entered at that moment. */
function whileClosed({ receivedAt }: WhyEvent, { history }: EntryFacts): Verdict | null {
  const [first] = history.versions;
  if (first === undefined || first.at > receivedAt)
    return said(
      "not_published_yet",
      { published_at: first?.at },
      first && `It was published at ${momentWords(first.at)}.`,
    );
  const { status, since, until } = statusAt(history, receivedAt);
  if (status === "archived")
    return said("was_archived", { archived_at: since }, since && `That was at ${momentWords(since)}.`);
  if (status === "paused")
    return said("was_paused", { paused_at: since, resumed_at: until }, between("Paused", since, until));
  const stop = stopAt(history, receivedAt);
  if (stop === null) return null;
  return said(
    "sending_was_stopped",
    { stopped_at: stop.since, resumed_at: stop.until },
    between("Stopped", stop.since, stop.until),
  );
}

function byTrigger(event: WhyEvent, { trigger }: LiveTrigger): Verdict | null {
  if (trigger.event !== event.name)
    return said("other_event", { starts_on: trigger.event }, `It starts on “${trigger.event}”.`);
  if (trigger.source === "server" && event.source !== "server")
    return said("wrong_source", { source: event.source, wanted: trigger.source });
  const ageMs = event.receivedAt.getTime() - event.occurredAt.getTime();
  if (ageMs <= triggerAgeMsMax) return null;
  const [occurred, received] = [momentWords(event.occurredAt), momentWords(event.receivedAt)];
  return said("event_too_old", {}, `It happened at ${occurred} and came at ${received}.`);
}

const asNow = "That is judged by the person as they are now; how they were then is not kept.";

function byConditions(event: WhyEvent, { trigger, audience }: LiveTrigger, facts: EntryFacts): Verdict | null {
  const context = contextOf(event, facts);
  const fails = (condition: Condition | null): condition is Condition =>
    condition !== null && !matches(condition, context, event.receivedAt);
  const tell = (reason: "where_not_met" | "audience_not_met", condition: Condition) =>
    said(
      reason,
      { conditions: describeCondition(condition), values: looked([condition], context) },
      needsProfile(condition) && asNow,
    );
  if (fails(trigger.where)) return tell("where_not_met", trigger.where);
  return fails(audience) ? tell("audience_not_met", audience) : null;
}

function byReentry(event: WhyEvent, { reentry }: LiveTrigger, { entries }: EntryFacts): Verdict | null {
  if (reentry === "every_time") return null;
  const earlier = entries
    .filter((entry) => (entry.eventId ?? "~") < event.id || entry.at.getTime() <= event.receivedAt.getTime() + atOnceMs)
    .sort((one, other) => one.at.getTime() - other.at.getTime());
  const last = earlier.at(-1);
  if (last === undefined) return null;
  const entered = { enrollment_id: last.enrollmentId, entered_at: last.at };
  if (reentry === "once") return said("already_entered", entered, `They entered at ${momentWords(last.at)}.`);
  const againAt = new Date(last.at.getTime() + durationMs(reentry.once_every));
  if (againAt <= event.receivedAt) return null;
  return said(
    "entered_lately",
    { ...entered, once_every: reentry.once_every, again_from: againAt },
    `They entered at ${momentWords(last.at)} and could again from ${momentWords(againAt)}.`,
  );
}

/** Everything that is kept would have let the person in: what is not kept is how they were then. */
function byElse(event: WhyEvent, { trigger, audience }: LiveTrigger, facts: EntryFacts): Verdict {
  const aboutPerson = [trigger.where, audience].filter((condition) => condition !== null && needsProfile(condition));
  if (aboutPerson.length === 0) return said("no_run_made", {});
  const asked = aboutPerson.filter((condition) => condition !== null);
  return said("person_was_different", {
    conditions: asked.map(describeCondition).join(" and "),
    values: looked(asked, contextOf(event, facts)),
  });
}

const contextOf = (event: WhyEvent, { person, performed }: EntryFacts): ConditionContext => ({
  profile: profileFields(person),
  event: event.properties,
  performed: performed.get(event.id),
});

/** Why nobody entered, by the newest event; null where that one started a run. `startsOn`: the names that start it, newest first. */
export function notEntered(
  events: readonly WhyEvent[],
  facts: EntryFacts,
  { startsOn, more }: { startsOn: readonly string[]; more: boolean },
): WhyNotEntered | null {
  const checked = events.map((event): CheckedEvent => {
    const { reason, sentence, details } = checkEvent(event, facts);
    return {
      event_id: event.id,
      event: event.name,
      at: event.receivedAt.toISOString(),
      occurred_at: event.occurredAt.toISOString(),
      reason,
      sentence,
      details,
    };
  });
  const [newest] = checked;
  const tell = ({ reason, sentence }: Pick<WhyNotEntered, "reason" | "sentence">) => ({
    reason,
    sentence,
    checked,
    more,
  });
  if (facts.history.versions.length === 0) return tell(said("never_published", {}));
  // Runs without events: they began otherwise.
  if (newest === undefined && facts.entries.length > 0) return null;
  if (newest === undefined) {
    const names = startsOn.map((name) => `“${name}”`).join(" or ");
    return tell(said("no_such_event", {}, names && `It starts on ${names}.`));
  }
  if (newest.reason === "trigger") return null;
  const came = `“${newest.event}” came at ${momentWords(new Date(newest.at))}.`;
  return tell({ reason: newest.reason, sentence: `${came} ${newest.sentence}` });
}

function said(reason: Verdict["reason"], details: Record<string, unknown>, further?: string | false | null): Verdict {
  const plain = Object.entries(details).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : (value ?? null),
  ]);
  const { sentence } = reasons[reason];
  return { reason, sentence: further ? `${sentence} ${further}` : sentence, details: Object.fromEntries(plain) };
}

const between = (what: string, since: Date | null, until: Date | null): string | null =>
  since && `${what} since ${momentWords(since)}${until ? `, until ${momentWords(until)}` : ""}.`;
