/**
 * What identity comes to, said as simply as it can be: one thing after the other, on maps. Against this the database is held. Where
 * things happen at once, only histories are given to it whose end does not depend on their order.
 */
export type Ids = { externalId?: string | undefined; anonymousId?: string | undefined; userId?: string | undefined };

const keysOf = ({ externalId, anonymousId }: Ids): string[] => [
  ...(externalId === undefined ? [] : [`external ${externalId}`]),
  ...(anonymousId === undefined ? [] : [`anonymous ${anonymousId}`]),
];

export class PeopleModel {
  readonly #owner = new Map<string, number>();
  readonly #parent: number[] = [];
  /** External ids of each person, by their root. */
  readonly #named: Set<string>[] = [];
  /** Whom each message went to. */
  readonly #messages = new Map<string, { person: number; event: string }>();
  takeovers = 0;
  merges = 0;

  /** An event; a repeated message does nothing. `known` is a key by which the caller found the user_id. */
  event(messageId: string, event: string, ids: Ids & { known?: string | undefined }): void {
    if (this.#messages.has(messageId)) return;
    const [main, ...others] = [...(ids.known === undefined ? [] : [ids.known]), ...keysOf(ids)];
    if (main === undefined) throw new Error("an event of nobody");
    for (const other of others) this.#join(main, other);
    this.#messages.set(messageId, { person: this.#person(main), event });
  }

  /** @returns whether it is allowed; if not, it changed nothing */
  alias(
    target: string,
    { anonymousId, previousId }: { anonymousId?: string | undefined; previousId?: string | undefined },
  ): boolean {
    const into = this.#find(`external ${target}`) ?? this.#find(`anonymous ${target}`);
    const sources = [
      ...(anonymousId === undefined ? [] : [`anonymous ${anonymousId}`]),
      ...(previousId === undefined ? [] : [`external ${previousId}`]),
    ];
    for (const source of sources) {
      const person = this.#find(source);
      if (person === undefined || person === into) continue;
      if ([...this.#names(person)].some((name) => name !== previousId)) return false;
    }
    const main =
      into === undefined
        ? `external ${target}`
        : ([...this.#owner].find(([, one]) => this.#root(one) === into)?.[0] ?? "");
    this.#person(main);
    for (const source of sources) this.#unite(this.#person(main), this.#person(source));
    return true;
  }

  get identifiers(): string[] {
    return [...this.#owner.keys()];
  }
  get messages(): { messageId: string; event: string; person: number }[] {
    return [...this.#messages].map(([messageId, { person, event }]) => ({
      messageId,
      event,
      person: this.#root(person),
    }));
  }
  personOf(key: string): number | undefined {
    return this.#find(key);
  }
  externalIdsOf(person: number): number {
    return this.#names(person).size;
  }

  #join(main: string, other: string): void {
    const mine = this.#person(main);
    const theirs = this.#find(other);
    if (theirs === undefined && !other.startsWith("external ")) {
      this.#owner.set(other, mine);
      return;
    }
    const them = this.#person(other);
    if (mine === them) return;
    if (this.#names(mine).size === 0 || this.#names(them).size === 0) this.#unite(mine, them);
    else if (other.startsWith("anonymous ")) {
      this.#owner.set(other, mine);
      this.takeovers += 1;
    }
  }

  #person(key: string): number {
    const found = this.#find(key);
    if (found !== undefined) return found;
    const made = this.#parent.push(this.#parent.length) - 1;
    this.#named.push(new Set(key.startsWith("external ") ? [key.slice("external ".length)] : []));
    this.#owner.set(key, made);
    return made;
  }

  #find(key: string): number | undefined {
    const found = this.#owner.get(key);
    return found === undefined ? undefined : this.#root(found);
  }

  #unite(one: number, other: number): void {
    const [a, b] = [this.#root(one), this.#root(other)];
    if (a === b) return;
    for (const name of this.#names(b)) this.#names(a).add(name); // before it has a's root, and with it a's names
    this.#parent[b] = a;
    this.merges += 1;
  }

  #root(person: number): number {
    const above = this.#parent[person];
    return above === undefined || above === person ? person : this.#root(above);
  }

  #names(person: number): Set<string> {
    return this.#named[this.#root(person)] ?? new Set();
  }
}
