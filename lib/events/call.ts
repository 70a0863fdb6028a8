import "server-only";
import { needsProfile } from "../automations/schema";
import { newId } from "../ids";
import { components, type Grouping } from "./components";
import { entryOf, heardBy, type Open, startedBy } from "./entering";
import type { Facts } from "./facts";
import type { IncomingEvent } from "./read";
import type { IngestCall } from "./store";
import type { Knowledge, Merge } from "./store-identity";
import { answerOf, type Ticket } from "./ticket";

/** A group as the database takes it, with what is left to decide once the people are known. */
export type Plan = {
  call: IngestCall;
  open: Open[];
  /** Runs to tell once those that `open` lets in have begun; without any, the call itself tells them. */
  signals: IngestCall["signals"];
  /** Profiles that have to become one before the call can be made. */
  merges: Merge[];
  takeovers: number;
  apart: number;
};

/** What a group does, given what is known. A message id that occurs twice counts once, and not at all when it was stored before. */
export function plan(tickets: readonly Ticket[], facts: Facts, { known, seen }: Knowledge, now: Date): Plan {
  const events = firstOfEach(
    tickets.flatMap((ticket) => ticket.events.map(({ event }) => event)),
    seen,
  );
  // Sorted, so that ids of one moment tell the order in which the events came.
  const ids = events.map(() => newId(now.getTime())).sort();
  const group = components(events, known);
  const starts = events.flatMap((starter, index) =>
    startedBy(starter, facts, now).map((trigger): Open => ({ event: index + 1, starter, trigger })),
  );
  const open = starts.filter(({ trigger }) => needsProfile(trigger));
  const signals = heardBy(events, facts, now);
  const [atOnce, later] = open.length > 0 ? [nothing, signals] : [signals, nothing];
  const call: IngestCall = {
    version: facts.version,
    requests: tickets.flatMap(keptAnswer),
    ...rowsOf(events, { ids, group, now }),
    enrollments: starts
      .filter(({ trigger }) => !needsProfile(trigger))
      .flatMap(({ event, starter, trigger }) => {
        const entry = entryOf(trigger, { starter, eventId: idAt(ids, event - 1), person: null }, now);
        return entry === null ? [] : [{ event, ...entry }];
      }),
    signals: atOnce,
    people: [...new Set([...open.map(({ event }) => event), ...later.events])],
  };
  return { call, open, signals: later, merges: mergesOf(group, events), ...apartOf(group) };
}

const nothing: IngestCall["signals"] = { events: [], versions: {} };
const apartOf = ({ takeovers, apart }: Grouping) => ({ takeovers: takeovers.length, apart: apart.length });

/** The group itself, as rows: events, whom they are about, and what they say of them. */
function rowsOf(
  events: readonly IncomingEvent[],
  { ids, group, now }: { ids: readonly string[]; group: Grouping; now: Date },
): Pick<IngestCall, "events" | "identifiers" | "components" | "traits"> {
  return {
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
  };
}

const keptAnswer = (ticket: Ticket): IngestCall["requests"] => {
  if (ticket.idempotency === null) return [];
  const { scope, key, bodyHash, seal } = ticket.idempotency;
  const answer = answerOf(ticket);
  return [{ scope, key, bodyHash, status: answer.status, answer: seal(answer) }];
};

const mergesOf = ({ merges }: Grouping, events: readonly IncomingEvent[]): Merge[] =>
  merges.map(({ profileIds, events: indexes }) =>
    mergeOf(
      profileIds,
      indexes.flatMap((index) => events[index] ?? []),
    ),
  );

/** `events` are those that say that these are one person. */
function mergeOf(profileIds: string[], events: readonly IncomingEvent[]): Merge {
  const { userId = null, externalId = null, anonymousId = null, name = null } = events[0] ?? {};
  const details = { user_id: userId, external_id: externalId, anonymous_id: anonymousId, event: name };
  return { profileIds, browser: events.some(({ source }) => source === "browser"), details: JSON.stringify(details) };
}

function firstOfEach(events: readonly IncomingEvent[], before: ReadonlySet<string>): IncomingEvent[] {
  const seen = new Set(before);
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
