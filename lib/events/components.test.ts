import fc from "fast-check";
import { expect, test } from "vitest";
import { components, type EventIds, type KnownIdentifier, nobody } from "./components";

const ids = (externalId: string | null, anonymousId: string | null, userId: string | null = null): EventIds => ({
  userId,
  externalId,
  anonymousId,
});
const known = (kind: KnownIdentifier["kind"], value: string, profileId: string, identified: boolean) => ({
  kind,
  value,
  profileId,
  identified,
});

test("identifiers of one event are one person, through any number of steps", () => {
  const group = components([ids(null, "a1"), ids("u1", "a1"), ids("u1", "a2"), ids(null, "a2"), ids(null, "b")], []);
  expect(group.componentOf).toEqual([1, 1, 1, 1, 2]);
  expect(group.identifiers).toEqual([
    { kind: "anonymous", value: "a1", component: 1, event: 0, from: null },
    { kind: "external", value: "u1", component: 1, event: 1, from: null },
    { kind: "anonymous", value: "a2", component: 1, event: 2, from: null },
    { kind: "anonymous", value: "b", component: 2, event: 4, from: null },
  ]);
  expect(group.components).toEqual([
    { profileId: null, externalEvent: 1 },
    { profileId: null, externalEvent: null },
  ]);
  expect([group.merges, group.takeovers, group.apart]).toEqual([[], [], []]);
});

test("of two people who share a browser, each has what was done there from their own sign-in on", () => {
  const group = components([ids("u1", "a1"), ids(null, "a1"), ids("u2", "a1"), ids(null, "a1")], []);
  expect(group.componentOf).toEqual([1, 1, 2, 2]);
  expect(group.takeovers).toEqual([2]);
  // Whether anybody had it before is for the database to say.
  expect(group.identifiers.find(({ value }) => value === "a1")).toMatchObject({ component: 2, event: 2, from: nobody });
});

test("the order of events decides, not the order of names", () => {
  const group = components([ids("u2", "a1"), ids("u1", "a1"), ids(null, "a1")], []);
  expect(group.componentOf).toEqual([1, 2, 2]);
});

test("an anonymous id of another identified person is taken from their profile, and what came before stays theirs", () => {
  const facts = [known("anonymous", "a1", "p9", true)];
  const group = components([ids(null, "a1"), ids("u1", "a1"), ids(null, "a1")], facts);
  expect(group.componentOf).toEqual([1, 2, 2]);
  expect(group.components[0]?.profileId).toBe("p9");
  expect(group.identifiers.find(({ value }) => value === "a1")).toMatchObject({ component: 2, event: 1, from: "p9" });
});

test("two existing profiles become one where one of them is not identified, and the events that say so are named", () => {
  const facts = [known("external", "u1", "p1", true), known("anonymous", "a1", "p2", false)];
  const group = components([ids("u1", null), ids("u1", "a1"), ids(null, "a1")], facts);
  expect(group.componentOf).toEqual([1, 1, 1]);
  expect(group.merges).toEqual([{ profileIds: ["p1", "p2"], events: [1] }]);
});

test("a user_id leads, and what belongs to another identified person stays there", () => {
  const facts = [known("profile", "p1", "p1", true), known("external", "u1", "p1", true)];
  const group = components([ids(null, "a7", "p1"), ids("u1", null), ids("u2", null, "p1")], facts);
  expect(group.componentOf).toEqual([1, 1, 1]);
  expect(group.components[0]).toEqual({ profileId: "p1", externalEvent: 1 });
  expect(group.apart).toEqual([2]);
});

test("an old id of a person who was merged leads to the survivor", () => {
  const facts = [known("profile", "old", "p1", false), known("anonymous", "a1", "p1", false)];
  expect(components([ids(null, "a1", "old"), ids(null, "a1")], facts)).toMatchObject({
    componentOf: [1, 1],
    merges: [],
    components: [{ profileId: "p1" }],
  });
});

/** One event after the other, as if each were a request of its own: what grouping must come to as well. */
function oneByOne(events: readonly EventIds[], facts: readonly KnownIdentifier[]) {
  let serial = 0;
  const owner = new Map<string, string>();
  const survivor = new Map<string, string>();
  const identified = new Set<string>();
  for (const { kind, value, profileId, identified: yes } of facts) {
    owner.set(`${kind} ${value}`, profileId);
    if (yes) identified.add(profileId);
  }
  const live = (id: string): string => (survivor.has(id) ? live(survivor.get(id) ?? id) : id);
  const of = (key: string) => {
    const id = owner.get(key);
    return id === undefined ? undefined : live(id);
  };
  const wentTo = events.map(({ externalId, anonymousId }) => {
    const [external, anonymous] = [externalId && `external ${externalId}`, anonymousId && `anonymous ${anonymousId}`];
    const main = external ?? anonymous ?? "";
    const [mine, theirs] = [of(main), anonymous ? of(anonymous) : undefined];
    let person = mine ?? theirs ?? `new${serial++}`;
    const mineIsNamed = external !== null;
    if (external && anonymous && theirs !== undefined && theirs !== mine) {
      if (identified.has(theirs)) {
        person = mine ?? `new${serial++}`;
        owner.set(anonymous, person);
      } else if (mine !== undefined) survivor.set(theirs, mine);
    }
    if (mineIsNamed) identified.add(live(person));
    owner.set(main, person);
    if (anonymous && of(anonymous) === undefined) owner.set(anonymous, person);
    return person;
  });
  return { wentTo: wentTo.map(live), of };
}

const name = fc.option(fc.constantFrom("1", "2", "3", "4"), { nil: null });
const someEvents = fc.array(
  fc
    .record({ externalId: name, anonymousId: name, userId: fc.constant(null) })
    .filter(({ externalId, anonymousId }) => externalId !== null || anonymousId !== null),
  { maxLength: 14 },
);
/** Of profiles 1 and 2, which have an external id, and 3 and 4, which have none. */
const someFacts = fc
  .uniqueArray(fc.tuple(fc.constantFrom("1", "2", "3", "4"), fc.constantFrom("p1", "p2", "p3", "p4")), {
    selector: ([value]) => value,
  })
  .map((owned) => [
    known("external", "1", "p1", true),
    known("external", "2", "p2", true),
    ...owned.map(([value, profileId]) =>
      known("anonymous", value, profileId, profileId === "p1" || profileId === "p2"),
    ),
  ]);

test("a group of any events gives the people whom the same events give one by one", () => {
  fc.assert(
    fc.property(someEvents, someFacts, (events, facts) => {
      const group = components(events, facts);
      const model = oneByOne(events, facts);
      for (const [i, one] of group.componentOf.entries())
        for (const [j, other] of group.componentOf.entries())
          expect(one === other, `events ${i} and ${j}`).toBe(model.wentTo[i] === model.wentTo[j]);
      // Who has an identifier in the end.
      for (const { kind, value, component } of group.identifiers) {
        const index = group.componentOf.indexOf(component);
        if (index >= 0) expect(model.of(`${kind} ${value}`), `${kind} ${value}`).toBe(model.wentTo[index]);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("no component ever holds two external ids, and no merge two identified profiles", () => {
  fc.assert(
    fc.property(someEvents, someFacts, (events, facts) => {
      const group = components(events, facts);
      for (const number of new Set(group.componentOf)) {
        const mine = group.identifiers.filter(({ component }) => component === number);
        expect(mine.filter(({ kind }) => kind === "external").length).toBeLessThanOrEqual(1);
      }
      for (const { profileIds, events: links } of group.merges) {
        expect(profileIds.filter((id) => id === "p1" || id === "p2").length).toBeLessThanOrEqual(1);
        expect(links.length).toBeGreaterThanOrEqual(profileIds.length - 1);
      }
      // What is taken is taken from who had it, by an event of its component.
      for (const { value, from, component, event } of group.identifiers) {
        if (from === null) continue;
        const fact = facts.find((one) => one.kind === "anonymous" && one.value === value);
        expect(from).toBe(fact?.profileId ?? nobody);
        expect(group.componentOf[event]).toBe(component);
      }
    }),
    { numRuns: 2_000 },
  );
});
