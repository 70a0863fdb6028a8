/** Who an event says that it is about. */
export type EventIds = { userId: string | null; externalId: string | null; anonymousId: string | null };

/** An identifier that belongs to an existing profile already, with that profile's own external id. */
export type KnownIdentifier = {
  kind: "external" | "anonymous" | "profile";
  value: string;
  profileId: string;
  externalId: string | null;
};

export type Grouping = {
  /** For each event the number of its component, from 1. */
  componentOf: number[];
  /** Distinct; `event` is the index, from 0, of the event that named it first. */
  identifiers: { kind: "external" | "anonymous"; value: string; component: number; event: number }[];
  /** In the order of their numbers: the profile that a user_id names, and the index of the first event that names the external id. */
  components: { profileId: string | null; externalEvent: number | null }[];
  /** Indexes of events whose identifiers belong to different people: the event went to the first of user, external, anonymous. */
  apart: number[];
};

/**
 * Joins identifiers that occur in one event: each component is one person. Events are taken in their order, and two sides that both
 * are somebody already (another external id, or another existing profile) stay two people, so that a shared browser never makes
 * one person of two. `known` is what the database said about identifiers of this group; user ids must be among it.
 */
export function components(events: readonly EventIds[], known: readonly KnownIdentifier[]): Grouping {
  const people = new People();
  for (const fact of known) people.learn(fact);
  const apart: number[] = [];
  const mains = events.map((ids, index) => {
    const [main, ...others] = named(ids).map(([kind, value]) => people.mention(kind, value, index));
    if (main === undefined) throw new Error("an event without any identifier got past its schema");
    // Not every(): each of the others is to be tried.
    if (others.filter((other) => !people.join(main, other)).length > 0) apart.push(index);
    return main;
  });
  return { ...people.number(mains), apart };
}

type Kind = KnownIdentifier["kind"];
type Node = {
  kind: Kind;
  value: string;
  /** Null until an event mentions it. */
  event: number | null;
  parent: Node | null;
  // Of the root: who the component is.
  external: string | null;
  profile: string | null;
};

const named = ({ userId, externalId, anonymousId }: EventIds): [Kind, string][] => [
  ...(userId === null ? [] : [["profile", userId] as [Kind, string]]),
  ...(externalId === null ? [] : [["external", externalId] as [Kind, string]]),
  ...(anonymousId === null ? [] : [["anonymous", anonymousId] as [Kind, string]]),
];

/** Union-find over identifiers. */
class People {
  readonly #nodes = new Map<string, Node>();

  mention(kind: Kind, value: string, event: number): Node {
    const node = this.#node(kind, value);
    node.event ??= event;
    return node;
  }

  /** What the database says holds whatever the events say. */
  learn({ kind, value, profileId, externalId }: KnownIdentifier): void {
    const profile = this.#node("profile", profileId);
    root(profile).profile ??= profileId;
    if (externalId !== null) this.#unite(profile, this.#node("external", externalId));
    this.#unite(profile, this.#node(kind, value));
  }

  /** @returns false when both are somebody already, and not the same person */
  join(a: Node, b: Node): boolean {
    const [one, other] = [root(a), root(b)];
    if (one === other) return true;
    if (clash(one.external, other.external) || clash(one.profile, other.profile)) return false;
    this.#unite(one, other);
    return true;
  }

  number(mains: readonly Node[]): Omit<Grouping, "apart"> {
    const numbers = new Map<Node, number>();
    const components: Grouping["components"] = [];
    const numberOf = (node: Node): number => {
      const top = root(node);
      const number = numbers.get(top) ?? components.push({ profileId: null, externalEvent: null });
      numbers.set(top, number);
      return number;
    };
    const componentOf = mains.map(numberOf);
    const identifiers: Grouping["identifiers"] = [];
    for (const node of this.#nodes.values()) {
      if (node.event === null) continue;
      const component = components[numberOf(node) - 1];
      if (component === undefined) throw new Error("a component was not counted");
      if (node.kind === "profile") component.profileId = root(node).profile ?? node.value;
      else identifiers.push({ kind: node.kind, value: node.value, component: numberOf(node), event: node.event });
      if (node.kind === "external")
        component.externalEvent = Math.min(component.externalEvent ?? node.event, node.event);
    }
    return { componentOf, identifiers, components };
  }

  #node(kind: Kind, value: string): Node {
    const key = `${kind} ${value}`;
    const found = this.#nodes.get(key);
    if (found) return found;
    const external = kind === "external" ? value : null;
    const made = { kind, value, event: null, parent: null, external, profile: null };
    this.#nodes.set(key, made);
    return made;
  }

  #unite(a: Node, b: Node): void {
    const [one, other] = [root(a), root(b)];
    if (one === other) return;
    other.parent = one;
    one.external ??= other.external;
    one.profile ??= other.profile;
  }
}

const clash = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;

function root(node: Node): Node {
  let top = node;
  while (top.parent !== null) top = top.parent;
  // Every node on the way points at the top from now on, which keeps long chains cheap.
  for (let step = node; step.parent !== null; ) {
    const next = step.parent;
    step.parent = top;
    step = next;
  }
  return top;
}
