import { expect, test } from "vitest";
import { automationDefinition, enters, entryKey, needsProfile, type TriggerEvent, triggersFor } from "./schema";

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
  expect(needsProfile(live({ where: { not: { field: "profile.plan", op: "exists" } } }))).toBe(true);
  expect(needsProfile(live({}, { field: "profile.plan", op: "exists" }))).toBe(true);
});

test("with once all entries share a key, with every_time each event has its own", () => {
  expect(entryKey("once", "e1")).toBe(entryKey("once", "e2"));
  expect(entryKey("every_time", "e1")).not.toBe(entryKey("every_time", "e2"));
});
