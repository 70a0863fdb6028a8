import "server-only";
import {
  enters,
  entryConditions,
  entryKey,
  entryQueries,
  isTooOld,
  reentryMs,
  triggersFor,
} from "../automations/schema";
import { type ConditionContext, looked, profileFields } from "../conditions/schema";
import type { Facts, Start } from "./facts";
import type { IncomingEvent } from "./read";
import type { Entry, Heard, IngestCall, Person } from "./store";
import type { PerformedAsk } from "./store-performed";

/** A start that only a look at the person can tell; `event` counts from 1. */
export type Open = { event: number; starter: IncomingEvent; trigger: Start };

/** What an event may start, as far as it alone can tell. */
export const startedBy = (event: IncomingEvent, { triggers }: Facts, now: Date): Start[] =>
  triggers.length === 0
    ? []
    : triggersFor({ name: event.name, source: event.source, occurredAt: new Date(event.occurredAtMs) }, triggers, now);

/** Events that runs listen to, counted from 1, with the versions that do. What is too old is heard by nobody. */
export function heardBy(events: readonly IncomingEvent[], { listened }: Facts, now: Date): IngestCall["signals"] {
  const heard = events.flatMap(({ name, occurredAtMs }, index) =>
    listened.has(name) && !isTooOld({ occurredAt: new Date(occurredAtMs) }, now) ? [{ name, index }] : [],
  );
  return {
    events: heard.map(({ index }) => index + 1),
    versions: Object.fromEntries(heard.map(({ name }) => [name, listened.get(name) ?? []])),
  };
}

/** What has to be counted before it is known who enters: by person. */
export function asksOf(open: readonly Open[], people: readonly Person[]): PerformedAsk[] {
  const byEvent = new Map(people.map((person) => [person.event, person.id]));
  const asks = open.flatMap(({ event, trigger }): PerformedAsk[] => {
    const profileId = byEvent.get(event);
    if (profileId === undefined) return [];
    return entryQueries(trigger).map((query) => ({ ref: profileId, profileId, query }));
  });
  return [...new Map(asks.map((ask) => [`${ask.ref} ${ask.query.key}`, ask])).values()];
}

/** A group on its way into the database, and what a look at its people found: how often each did what was asked, by their ids. */
type Group = { call: IngestCall; open: readonly Open[]; signals: IngestCall["signals"] };
type Look = { people: readonly Person[]; performed: ReadonlyMap<string, ReadonlyMap<string, number>> };

/** Whom that look lets in. */
export function entriesOf({ call, open }: Group, { people, performed }: Look, now: Date): Entry[] {
  const byEvent = new Map(people.map((person) => [person.event, person]));
  return open.flatMap(({ event, starter, trigger }): Entry[] => {
    const found = byEvent.get(event);
    const eventId = call.events[event - 1]?.id;
    if (found === undefined || eventId === undefined) return []; // a repeated message: it did this the first time
    const { id, external_id: externalId, traits, created_at: createdAt } = found;
    const profile = profileFields({ id, externalId, traits, createdAt: new Date(createdAt) });
    const person = { profile, performed: performed.get(id) };
    const entry = entryOf(trigger, { starter, eventId, person }, now);
    return entry === null ? [] : [{ eventId, profileId: id, ...entry }];
  });
}

type Starting = {
  starter: IncomingEvent;
  eventId: string;
  /** Null where nobody has to be looked at. */
  person: Omit<ConditionContext, "event"> | null;
};

/** The entry, as it is stored, or null where the conditions keep the person out. What they looked at is kept with it. */
export function entryOf(
  trigger: Start,
  { starter, eventId, person }: Starting,
  now: Date,
): Omit<Entry, "eventId" | "profileId"> | null {
  const context = { profile: {}, ...person, event: starter.properties };
  if (!enters(trigger, context, now)) return null;
  const { automationId, versionId, reentry } = trigger;
  const everyMs = reentryMs(reentry);
  const asked = entryConditions(trigger);
  const values = asked.length > 0 ? { values: looked(asked, context) } : {};
  return {
    automationId,
    versionId,
    entryKey: entryKey(reentry, eventId),
    details: JSON.stringify({ event: starter.name, source: starter.source, ...values }),
    // Not in days, which PostgreSQL takes by the calendar.
    every: everyMs === null ? null : `${everyMs} milliseconds`,
  };
}

/** Whom to tell of what, of the events that were new. */
export function heardOf({ call, signals }: Group, people: readonly Person[]): Heard {
  const byEvent = new Map(people.map((person) => [person.event, person]));
  const events = signals.events.flatMap((number) => {
    const [event, person] = [call.events[number - 1], byEvent.get(number)];
    return event && person ? [{ eventId: event.id, profileId: person.id, name: event.name }] : [];
  });
  return { events, versions: signals.versions };
}
