import "server-only";
import { enters, entryKey, needsProfile, triggersFor } from "../automations/schema";
import { profileFields } from "../conditions/schema";
import { newId } from "../ids";
import { components, type KnownIdentifier } from "./components";
import type { Facts, Start } from "./facts";
import type { IncomingEvent } from "./read";
import type { Entry, IngestCall, Person } from "./store";
import { answerOf, type Ticket } from "./ticket";

/** A group as the database takes it, with what is left to decide once the people are known. */
export type Plan = {
  call: IngestCall;
  open: { event: number; starter: IncomingEvent; trigger: Start }[];
  apart: number;
};

/** What a group does, given what is known. A message id that occurs twice counts once. */
export function plan(tickets: readonly Ticket[], facts: Facts, known: readonly KnownIdentifier[], now: Date): Plan {
  const events = firstOfEach(tickets.flatMap((ticket) => ticket.events.map(({ event }) => event)));
  // Sorted, so that ids of one moment tell the order in which the events came.
  const ids = events.map(() => newId(now.getTime())).sort();
  const group = components(events, known);
  const starts = events.flatMap((event, index) =>
    started(event, facts, now).map((trigger) => ({ index, event, trigger })),
  );
  const open = starts.filter(({ trigger }) => needsProfile(trigger));
  const nobody = { profile: {}, event: {} };
  const call: IngestCall = {
    version: facts.version,
    requests: tickets.flatMap(keptAnswer),
    events: events.map((event, index) => ({
      id: idAt(ids, index),
      messageId: event.messageId,
      component: group.componentOf[index] ?? 0,
      name: event.name,
      properties: JSON.stringify(event.properties),
      context: event.context && JSON.stringify(event.context),
      source: event.source,
      occurredAt: new Date(event.occurredAtMs),
    })),
    identifiers: group.identifiers.map(({ event, ...identifier }) => ({ ...identifier, eventId: idAt(ids, event) })),
    components: group.components.map(({ profileId, externalEvent }) => ({
      newId: newId(now.getTime()),
      profileId,
      externalEvent: externalEvent === null ? null : externalEvent + 1,
    })),
    traits: events.flatMap(({ traits }, index) =>
      traits && Object.keys(traits).length > 0 ? [{ event: index + 1, traits: JSON.stringify(traits) }] : [],
    ),
    enrollments: starts
      .filter(({ trigger }) => !needsProfile(trigger))
      .filter(({ trigger, event }) => enters(trigger, { ...nobody, event: event.properties }, now))
      .map(({ index, event, trigger }) => ({ event: index + 1, ...entry(trigger, event, idAt(ids, index)) })),
    people: [...new Set(open.map(({ index }) => index + 1))],
  };
  return {
    call,
    open: open.map(({ index, event, trigger }) => ({ event: index + 1, starter: event, trigger })),
    apart: group.apart.length,
  };
}

/** Whom a look at the profile lets in. */
export function entriesOf({ call, open }: Plan, people: readonly Person[], now: Date): Entry[] {
  const byEvent = new Map(people.map((person) => [person.event, person]));
  return open.flatMap(({ event, starter, trigger }) => {
    const person = byEvent.get(event);
    const eventId = call.events[event - 1]?.id;
    if (person === undefined || eventId === undefined) return []; // a repeated message: it did this the first time
    const { id, external_id: externalId, traits, created_at: createdAt } = person;
    const profile = profileFields({ id, externalId, traits, createdAt: new Date(createdAt) });
    if (!enters(trigger, { profile, event: starter.properties }, now)) return [];
    return [{ eventId, profileId: id, ...entry(trigger, starter, eventId) }];
  });
}

const started = (event: IncomingEvent, { triggers }: Facts, now: Date): Start[] =>
  triggers.length === 0
    ? []
    : triggersFor({ name: event.name, source: event.source, occurredAt: new Date(event.occurredAtMs) }, triggers, now);

const entry = ({ automationId, versionId, reentry }: Start, event: IncomingEvent, eventId: string) => ({
  automationId,
  versionId,
  entryKey: entryKey(reentry, eventId),
  details: JSON.stringify({ event: event.name, source: event.source }),
});

const keptAnswer = (ticket: Ticket): IngestCall["requests"] => {
  if (ticket.idempotency === null) return [];
  const { scope, key, bodyHash, seal } = ticket.idempotency;
  const answer = answerOf(ticket);
  return [{ scope, key, bodyHash, status: answer.status, answer: seal(answer) }];
};

function firstOfEach(events: readonly IncomingEvent[]): IncomingEvent[] {
  const seen = new Set<string>();
  return events.filter(({ messageId }) => {
    if (messageId === null) return true;
    if (seen.has(messageId)) return false;
    seen.add(messageId);
    return true;
  });
}

function idAt(ids: readonly string[], index: number): string {
  const id = ids[index];
  if (id === undefined) throw new Error(`a group has no event ${index}`);
  return id;
}
