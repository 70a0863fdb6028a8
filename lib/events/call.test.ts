import { expect, test } from "vitest";
import { automationDefinition } from "../automations/schema";
import { plan } from "./call";
import { nothingKnown } from "./store-identity";
import { readTicket } from "./ticket";

const now = new Date("2026-11-21T12:00:00Z");
const group = (...names: string[]) => {
  const events = names.map((event) => ({ event, external_id: "u1" }));
  const arrival = { source: "server" as const, receivedAtMs: now.getTime(), plain: true, bodyBytes: 0 };
  return [readTicket({ form: "batch", requestId: "r", actorVersion: 1, idempotency: null, arrival, body: { events } })];
};
const start = (audience: object | null) => ({
  ...automationDefinition.parse({ trigger: { type: "event", event: "signed_up" }, audience, steps: [] }),
  automationId: "a",
  versionId: "v",
});
const listened = new Map([["left", ["v"]]]);

test("listening costs a group no statement of its own", () => {
  const facts = { version: 1, triggers: [start(null)], listened };
  const { call, open, signals } = plan(group("viewed", "left", "signed_up", "left"), facts, nothingKnown, now);
  expect(open).toEqual([]);
  expect([call.people, signals.events]).toEqual([[], []]);
  expect(call.signals).toEqual({ events: [2, 4], versions: { left: ["v"] } });
});

test("runs are told once all have begun: where somebody has to be looked at first, after that", () => {
  const facts = { version: 1, triggers: [start({ performed: "viewed" })], listened };
  const { call, open, signals } = plan(group("viewed", "left", "signed_up"), facts, nothingKnown, now);
  expect(open.map(({ event }) => event)).toEqual([3]);
  expect(call.signals.events).toEqual([]);
  expect([signals.events, call.people]).toEqual([[2], [3, 2]]);
});

test("a group that nobody listens to says nothing to anybody", () => {
  const facts = { version: 1, triggers: [], listened };
  expect(plan(group("viewed", "constructor"), facts, nothingKnown, now).call.signals.events).toEqual([]);
});
