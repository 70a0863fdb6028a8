import fc from "fast-check";
import { expect, test } from "vitest";
import { components, type EventIds, type KnownIdentifier } from "./components";

const ids = (externalId: string | null, anonymousId: string | null, userId: string | null = null): EventIds => ({
  userId,
  externalId,
  anonymousId,
});

test("identifiers of one event are one person, through any number of steps", () => {
  const group = components([ids(null, "a1"), ids("u1", "a1"), ids("u1", "a2"), ids(null, "a2"), ids(null, "b")], []);
  expect(group.componentOf).toEqual([1, 1, 1, 1, 2]);
  expect(group.identifiers).toEqual([
    { kind: "anonymous", value: "a1", component: 1, event: 0 },
    { kind: "external", value: "u1", component: 1, event: 1 },
    { kind: "anonymous", value: "a2", component: 1, event: 2 },
    { kind: "anonymous", value: "b", component: 2, event: 4 },
  ]);
  expect(group.components).toEqual([
    { profileId: null, externalEvent: 1 },
    { profileId: null, externalEvent: null },
  ]);
  expect(group.apart).toEqual([]);
});

test("two people who share a browser stay two: the browser is of who came first", () => {
  const group = components([ids("u1", "a1"), ids("u2", "a1"), ids(null, "a1")], []);
  expect(group.componentOf).toEqual([1, 2, 1]);
  expect(group.apart).toEqual([1]);
});

test("the order of events decides, not the order of names", () => {
  const group = components([ids("u2", "a1"), ids("u1", "a1"), ids(null, "a1")], []);
  expect(group.componentOf).toEqual([1, 2, 1]);
});

test("what the database knows stands before every event", () => {
  const known: KnownIdentifier[] = [{ kind: "anonymous", value: "a1", profileId: "p9", externalId: "u9" }];
  const group = components([ids(null, "a1"), ids("u1", "a1"), ids("u9", "a1")], known);
  expect(group.componentOf).toEqual([1, 2, 1]);
  expect(group.apart).toEqual([1]);
});

test("two existing profiles are not made one, even where only one of them is identified", () => {
  const known: KnownIdentifier[] = [
    { kind: "external", value: "u1", profileId: "p1", externalId: "u1" },
    { kind: "anonymous", value: "a1", profileId: "p2", externalId: null },
  ];
  const group = components([ids("u1", "a1"), ids(null, "a1")], known);
  expect(group.componentOf).toEqual([1, 2]);
  expect(group.apart).toEqual([0]);
});

test("a user_id leads, and brings the ids of its profile with it", () => {
  const known: KnownIdentifier[] = [{ kind: "profile", value: "p1", profileId: "p1", externalId: "u1" }];
  const group = components([ids(null, "a7", "p1"), ids("u1", null), ids("u2", null, "p1")], known);
  expect(group.componentOf).toEqual([1, 1, 1]);
  expect(group.components[0]).toEqual({ profileId: "p1", externalEvent: 1 });
  expect(group.apart).toEqual([2]);
});

test("no component ever holds two external ids or two existing profiles", () => {
  const name = fc.option(fc.constantFrom("1", "2", "3", "4"), { nil: null });
  const event = fc.record({ externalId: name, anonymousId: name, userId: fc.constant(null) });
  const facts = fc.uniqueArray(
    fc.record({
      kind: fc.constant("anonymous" as const),
      value: fc.constantFrom("1", "2", "3", "4"),
      profileId: fc.constantFrom("p1", "p2", "p3"),
    }),
    { selector: ({ value }) => value },
  );
  const externalOf: Record<string, string | null> = { p1: "1", p2: "2", p3: null };
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), facts, (given, known) => {
      const events = given.filter((one) => one.externalId !== null || one.anonymousId !== null);
      const group = components(
        events,
        known.map((fact) => ({ ...fact, externalId: externalOf[fact.profileId] ?? null })),
      );
      for (const number of new Set(group.componentOf)) {
        const mine = group.identifiers.filter(({ component }) => component === number);
        expect(mine.filter(({ kind }) => kind === "external").length).toBeLessThanOrEqual(1);
        const profiles = mine.flatMap(({ kind, value }) =>
          known.filter((fact) => fact.kind === kind && fact.value === value),
        );
        expect(new Set(profiles.map(({ profileId }) => profileId)).size).toBeLessThanOrEqual(1);
      }
      // The first identifier of an event, external before anonymous, is always in the event's own component.
      for (const [index, one] of events.entries()) {
        const kind = one.externalId === null ? "anonymous" : "external";
        const value = one.externalId ?? one.anonymousId;
        const found = group.identifiers.find((identifier) => identifier.kind === kind && identifier.value === value);
        expect(found?.component).toBe(group.componentOf[index]);
      }
    }),
  );
});
