/** Who an event says that it is about. */
export type EventIds = { userId: string | null; externalId: string | null; anonymousId: string | null };

/** An identifier of an existing profile (of the survivor, where profiles were merged), and whether that profile has an external id. */
export type KnownIdentifier = {
  kind: "external" | "anonymous" | "profile";
  value: string;
  profileId: string;
  identified: boolean;
};

export type Grouping = {
  /** For each event the number of its component, from 1. */
  componentOf: number[];
  /**
   * Distinct, each with the component that has it in the end; `event` is the index, from 0, of the event that brought it there. `from`
   * is the profile that it is taken from; `nobody` when it changed hands within the group, which holds only if nobody had it before.
   */
  identifiers: {
    kind: "external" | "anonymous";
    value: string;
    component: number;
    event: number;
    from: string | null;
  }[];
  /** In the order of their numbers: the profile that it is, where one is known, and the index of the first event that names the external id. */
  components: { profileId: string | null; externalEvent: number | null }[];
  /** Profiles that turn out to be one person, with the indexes of the events that say so. They have to become one first. */
  merges: { profileIds: string[]; events: number[] }[];
  /** Indexes of events with an anonymous id of another identified person, who loses it. */
  takeovers: number[];
  /** Indexes of events whose user_id and external_id belong to two identified people: the event went to the user_id. */
  apart: number[];
};

export const nobody = "00000000-0000-0000-0000-000000000000";

/**
 * Joins identifiers that occur in one event: each component is one person. Events are taken in their order, so that the same ones give
 * the same people one by one. Two sides that both have an external id stay two people, so that a shared browser never makes one person
 * of two: the anonymous id goes with the event's own person from that event on. `known` is what the database said about identifiers of
 * this group; user ids must be among it.
 */
export function components(events: readonly EventIds[], known: readonly KnownIdentifier[]): Grouping {
  const people = new People(known);
  const mains = events.map((ids, index) => {
    const [main, ...others] = named(ids).map(([kind, value]) => people.mention(kind, value, index));
    if (main === undefined) throw new Error("an event without any identifier got past its schema");
    for (const other of others) people.join(main, other, index);
    return main.person; // as it is at this event: the identifier may change hands later
  });
  return people.number(mains);
}

/** What is known once profiles became their survivors. */
export function followed(
  known: readonly KnownIdentifier[],
  survivors: Readonly<Record<string, string>>,
): KnownIdentifier[] {
  const moved = known.map((fact) => ({ ...fact, profileId: survivors[fact.profileId] ?? fact.profileId }));
  const identified = new Set(moved.filter((fact) => fact.identified).map(({ profileId }) => profileId));
  return moved.map((fact) => ({ ...fact, identified: identified.has(fact.profileId) }));
}

type Kind = KnownIdentifier["kind"];
type Person = {
  parent: Person | null;
  // Of the root:
  identified: boolean;
  profileIds: Set<string>;
  /** Events that made one of two. */
  links: number[];
};
type Identifier = {
  kind: Kind;
  value: string;
  person: Person;
  /** The profile that has it as far as the database said. */
  owner: string | null;
  /** Null until an event mentions it. */
  event: number | null;
  moved: boolean;
};

function named({ userId, externalId, anonymousId }: EventIds): [Kind, string][] {
  const all: [Kind, string | null][] = [
    ["profile", userId],
    ["external", externalId],
    ["anonymous", anonymousId],
  ];
  return all.flatMap(([kind, value]): [Kind, string][] => (value === null ? [] : [[kind, value]]));
}

/** Union-find over people; identifiers point at them and may be pointed elsewhere. */
class People {
  readonly #identifiers = new Map<string, Identifier>();
  readonly #takeovers: number[] = [];
  readonly #apart: number[] = [];

  constructor(known: readonly KnownIdentifier[]) {
    const byProfile = new Map<string, Person>();
    for (const { kind, value, profileId, identified } of known) {
      const person = byProfile.get(profileId) ?? somebody({ identified, profileIds: [profileId] });
      byProfile.set(profileId, person);
      person.identified ||= identified;
      this.#identifiers.set(`${kind} ${value}`, { kind, value, person, owner: profileId, event: null, moved: false });
    }
  }

  mention(kind: Kind, value: string, event: number): Identifier {
    const key = `${kind} ${value}`;
    const found = this.#identifiers.get(key);
    if (found) {
      found.event ??= event;
      return found;
    }
    const person = somebody({ identified: kind === "external", profileIds: kind === "profile" ? [value] : [] });
    const made = { kind, value, person, owner: null, event, moved: false };
    this.#identifiers.set(key, made);
    return made;
  }

  join(main: Identifier, other: Identifier, event: number): void {
    const [mine, theirs] = [root(main.person), root(other.person)];
    if (mine === theirs) return;
    if (!mine.identified || !theirs.identified) unite(mine, theirs, event);
    else if (other.kind !== "anonymous") this.#apart.push(event);
    else {
      this.#takeovers.push(event);
      other.person = mine;
      other.event = event;
      other.moved = true;
    }
  }

  number(mains: readonly Person[]): Grouping {
    const numbers = new Map<Person, number>();
    const found: Grouping["components"] = [];
    const numberOf = (person: Person): number => {
      const top = root(person);
      const [profileId = null] = top.profileIds;
      const number = numbers.get(top) ?? found.push({ profileId, externalEvent: null });
      numbers.set(top, number);
      return number;
    };
    const componentOf = mains.map(numberOf);
    const identifiers: Grouping["identifiers"] = [];
    for (const { kind, value, person, owner, event, moved } of this.#identifiers.values()) {
      if (event === null) continue;
      const component = numberOf(person);
      if (kind === "profile") continue;
      identifiers.push({ kind, value, component, event, from: moved ? (owner ?? nobody) : null });
      const one = found[component - 1];
      if (one && kind === "external") one.externalEvent = Math.min(one.externalEvent ?? event, event);
    }
    const merges = [...numbers.keys()]
      .filter(({ profileIds }) => profileIds.size > 1)
      .map(({ profileIds, links }) => ({ profileIds: [...profileIds], events: links }));
    return { componentOf, identifiers, components: found, merges, takeovers: this.#takeovers, apart: this.#apart };
  }
}

const somebody = ({ identified, profileIds }: { identified: boolean; profileIds: string[] }): Person => ({
  parent: null,
  identified,
  profileIds: new Set(profileIds),
  links: [],
});

function unite(one: Person, other: Person, event: number): void {
  other.parent = one;
  one.identified ||= other.identified;
  one.links.push(...other.links, event);
  for (const id of other.profileIds) one.profileIds.add(id);
}

function root(person: Person): Person {
  let top = person;
  while (top.parent !== null) top = top.parent;
  // Everyone on the way points at the top from now on, which keeps long chains cheap.
  for (let step = person; step.parent !== null; ) {
    const next = step.parent;
    step.parent = top;
    step = next;
  }
  return top;
}
