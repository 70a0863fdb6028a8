import { expect, test } from "vitest";
import {
  automationDefinition,
  enters,
  entryKey,
  entryQueries,
  needsProfile,
  reentryMs,
  type TriggerEvent,
  triggersFor,
} from "./schema";

const now = new Date("2026-11-21T12:00:00Z");
const live = (trigger: object, audience: unknown = null) =>
  automationDefinition.parse({ trigger: { type: "event", event: "signed_up", ...trigger }, audience, steps: [] });
const event = (over: Partial<TriggerEvent> = {}): TriggerEvent => ({
  name: "signed_up",
  source: "server",
  occurredAt: now,
  ...over,
});
const starts = (over: Partial<TriggerEvent>, trigger: object = {}) =>
  triggersFor(event(over), [live(trigger)], now).length === 1;

test("an event starts the automations that wait for its name, and only those", () => {
  const automations = [live({}), live({ event: "signed_in" }), live({})];
  expect(triggersFor(event(), automations, now)).toEqual([automations[0], automations[2]]);
});

test("a trigger for servers ignores what a publishable key sent", () => {
  expect(starts({ source: "browser" })).toBe(true);
  expect(starts({ source: "browser" }, { source: "server" })).toBe(false);
  expect(starts({ source: "server" }, { source: "server" })).toBe(true);
});

test("an event more than 72 hours old starts nothing", () => {
  expect(starts({ occurredAt: new Date("2026-11-18T12:00:00Z") })).toBe(true);
  expect(starts({ occurredAt: new Date("2026-11-18T11:59:59.999Z") })).toBe(false);
  expect(starts({ occurredAt: new Date("2026-11-22T11:00:00Z") })).toBe(true);
});

test("where and audience must both hold for a person to enter", () => {
  const both = live(
    { where: { field: "event.plan", op: "eq", value: "pro" } },
    { field: "profile.country", op: "eq", value: "AT" },
  );
  const context = (plan: string, country: string) => ({ profile: { country }, event: { plan } });
  expect(enters(both, context("pro", "AT"), now)).toBe(true);
  expect(enters(both, context("free", "AT"), now)).toBe(false);
  expect(enters(both, context("pro", "DE"), now)).toBe(false);
  expect(enters(live({}), context("free", "DE"), now)).toBe(true);
});

test("the person is only needed where a rule looks at them", () => {
  expect(needsProfile(live({}))).toBe(false);
  expect(
    needsProfile(live({ where: { field: "event.plan", op: "exists" } }, { field: "event.plan", op: "exists" })),
  ).toBe(false);
  expect(needsProfile(live({}, { not: { performed: "bought", where: { field: "event.plan", op: "exists" } } }))).toBe(
    true,
  );
  expect(needsProfile(live({ where: { not: { field: "profile.plan", op: "exists" } } }))).toBe(true);
  expect(needsProfile(live({}, { field: "profile.plan", op: "exists" }))).toBe(true);
});

test("what has to be counted is what where and audience ask about", () => {
  const both = live({ where: { performed: "bought" } }, { all: [{ performed: "viewed" }, { performed: "bought" }] });
  expect(new Set(entryQueries(both).map(({ event }) => event))).toEqual(new Set(["bought", "viewed"]));
  const performed = new Map(entryQueries(both).map(({ key, event }) => [key, event === "viewed" ? 1 : 0]));
  expect(enters(both, { profile: {}, event: {}, performed }, now)).toBe(false);
  expect(
    enters(both, { profile: {}, event: {}, performed: new Map([...performed.keys()].map((key) => [key, 1])) }, now),
  ).toBe(true);
});

test("with once all entries share a key, with the other rules each event has its own", () => {
  expect(entryKey("once", "e1")).toBe(entryKey("once", "e2"));
  for (const rule of ["every_time", { once_every: "P1D" }] as const)
    expect(entryKey(rule, "e1")).not.toBe(entryKey(rule, "e2"));
});

test("only once_every asks how long ago the last entry was: a day is 24 hours", () => {
  expect([reentryMs("once"), reentryMs("every_time"), reentryMs({ once_every: "P1DT1H" })]).toEqual([
    null,
    null,
    25 * 3_600_000,
  ]);
});
