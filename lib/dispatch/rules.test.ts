import { describe, expect, test } from "vitest";
import { automationDefinition } from "../automations/schema";
import { performedQueries } from "../conditions/schema";
import { asksOf } from "./asks";
import { walk } from "./decide";
import type { Signal, Situation } from "./schema";

const now = new Date("2026-11-21T12:00:00Z");
const minutes = (n: number) => new Date(now.getTime() + n * 60_000);
const define = (steps: object[], over: object = {}) =>
  automationDefinition.parse({ trigger: { type: "event", event: "signed_up" }, steps, ...over });
const exit = (id: string) => ({ id, type: "exit" });
const waitFor = (id: string, event: string, over: object = {}) => ({
  id,
  type: "wait_for",
  event,
  timeout: "PT1H",
  ...over,
});
const update = (id: string, set: object) => ({ id, type: "update_profile", set });
const came = (name: string, receivedAt: Date, over: Partial<Signal> = {}): Signal => ({
  eventId: `${name} ${receivedAt.toISOString()}`,
  name,
  properties: {},
  receivedAt,
  seen: false,
  ...over,
});
const situation = (over: Partial<Situation> = {}, run: Partial<Situation["run"]> = {}): Situation => ({
  run: {
    id: "r",
    automationId: "a",
    versionId: "v",
    profileId: "p",
    eventId: null,
    stepId: null,
    stepDueAt: null,
    readyAt: now,
    wasDueAt: now,
    attempt: 1,
    passedStepIds: [],
    ...run,
  },
  automation: { name: "A", status: "live", deleted: false },
  definition: define([]),
  person: { id: "p", externalId: "u", traits: { plan: "pro" }, createdAt: now },
  event: null,
  workspaceTimezone: null,
  sends: new Map(),
  connections: new Map(),
  signals: [],
  unsubscribed: [],
  performed: new Map(),
  ...over,
});
const reasonsOf = (given: Situation, at = now) =>
  walk(given, at).notes.map(({ stepId, reason }) => `${stepId} ${reason}`);

describe("an event that ends a run", () => {
  const definition = define([{ id: "pause", type: "delay", for: "P1D" }], {
    exit_when: [
      { event: "deleted", where: null },
      {
        event: "bought",
        where: {
          all: [
            { field: "event.amount", op: "gte", value: 10 },
            { field: "profile.plan", op: "eq", value: "pro" },
          ],
        },
      },
    ],
  });
  const standing = { stepId: "pause", stepDueAt: minutes(60) };

  test("ends it wherever it stands, and says what was looked at", () => {
    const bought = came("bought", now, { properties: { amount: 12 } });
    const { decision, notes, signals } = walk(
      situation({ definition, signals: [came("other", now), bought] }, standing),
      now,
    );
    expect(decision).toMatchObject({ kind: "exit", reason: "exit_event", place: { stepId: "pause" } });
    expect(notes).toEqual([
      {
        stepId: "pause",
        reason: "exit_event",
        details: {
          event: "bought",
          event_id: bought.eventId,
          received_at: now.toISOString(),
          values: { "event.amount": 12, "profile.plan": "pro" },
        },
      },
    ]);
    expect(signals.used).toHaveLength(2);
  });

  test("ends it while its automation is paused, and only then parks what goes on", () => {
    const paused = { name: "A", status: "paused", deleted: false };
    const ended = situation({ definition, automation: paused, signals: [came("deleted", now)] }, standing);
    expect(walk(ended, now).decision).toMatchObject({ kind: "exit", reason: "exit_event" });
    const other = walk(situation({ definition, automation: paused, signals: [came("other", now)] }, standing), now);
    expect(other).toMatchObject({ decision: { kind: "park" }, signals: { used: [], kept: [] } });
  });

  test("does not end it where its condition does not hold, or when it was looked at before", () => {
    const cheap = came("bought", now, { properties: { amount: 9 } });
    const known = came("deleted", now, { seen: true });
    expect(walk(situation({ definition, signals: [cheap, known] }, standing), now).decision.kind).toBe("wait");
  });

  test("may ask how often something was done", () => {
    const when = { performed: "login", count: { op: "lt", value: 3 } };
    const asking = define([{ id: "pause", type: "delay", for: "P1D" }], {
      exit_when: [{ event: "deleted", where: when }],
    });
    const rule = asking.exit_when?.[0]?.where;
    const [query] = rule ? performedQueries(rule) : [];
    if (!query) throw new Error("nothing is asked");
    const signals = [came("deleted", now)];
    expect(asksOf(asking, standing, { signals, now })).toEqual([query]);
    const told = (times: number) =>
      walk(situation({ definition: asking, signals, performed: new Map([[query.key, times]]) }, standing), now).decision
        .kind;
    expect([told(2), told(3)]).toEqual(["exit", "wait"]);
  });
});

describe("a step that waits for an event", () => {
  const definition = define([waitFor("wait", "activated", { then: [exit("came")], else: [exit("late")] })]);

  test("waits until its end, and says so once", () => {
    const first = walk(situation({ definition }), now);
    expect(first.decision).toMatchObject({
      kind: "wait",
      until: minutes(60),
      place: { stepId: "wait", stepDueAt: minutes(60) },
    });
    expect(first.notes).toEqual([
      { stepId: "wait", reason: "waited_for", details: { event: "activated", until: minutes(60).toISOString() } },
    ]);
    const again = situation({ definition }, { stepId: "wait", stepDueAt: minutes(60), readyAt: now });
    expect(reasonsOf(again, minutes(30))).toEqual([]);
  });

  test.each([
    ["at once", [came("activated", now)], 0, "wait event_came"],
    ["at the last moment", [came("activated", minutes(60))], 60, "wait event_came"],
    ["and it is looked at too late", [came("activated", minutes(30))], 600, "wait event_came"],
    ["too late", [came("activated", minutes(61))], 61, "wait wait_timed_out"],
    ["before the step was reached", [came("activated", minutes(-1))], 60, "wait wait_timed_out"],
    ["as another one", [came("other", minutes(1))], 60, "wait wait_timed_out"],
  ])("when it comes %s", (_, signals, minute, expected) => {
    expect(reasonsOf(situation({ definition, signals }, { readyAt: now }), minutes(minute))[0]).toBe(expected);
  });

  test("goes on from when the event came, or from when the time was over", () => {
    const signals = [came("activated", minutes(7))];
    const then = define([waitFor("wait", "activated"), { id: "pause", type: "delay", for: "PT1H" }]);
    expect(walk(situation({ definition: then, signals }), minutes(30)).decision).toMatchObject({ until: minutes(67) });
    expect(walk(situation({ definition: then }), minutes(90)).decision).toMatchObject({ until: minutes(120) });
  });

  test("does not take one event twice, nor one that came before the one it waited for first", () => {
    const twice = define([waitFor("one", "a"), waitFor("two", "a"), exit("end")]);
    expect(reasonsOf(situation({ definition: twice, signals: [came("a", minutes(1))] }), minutes(2))).toEqual([
      "one event_came",
      "two waited_for",
    ]);
    const order = define([waitFor("one", "a"), waitFor("two", "b"), exit("end")]);
    const signals = [came("b", minutes(1)), came("a", minutes(2))];
    expect(reasonsOf(situation({ definition: order, signals }), minutes(3))).toEqual([
      "one event_came",
      "two waited_for",
    ]);
  });

  test("takes an event that came while it was not known whether the email before it had left", () => {
    const after = define([
      { id: "mail", type: "send_email", subject: "s", text: "t" },
      waitFor("wait", "a"),
      exit("end"),
    ]);
    const signals = [came("a", minutes(1)), came("a", minutes(3), { eventId: "later" })];
    const mail = (status: string, sentAt: Date | null) => new Map([["mail", { status, sentAt, unknownSince: now }]]);
    const at = { stepId: "mail" };
    for (const status of ["sending", "unknown"]) {
      const held = walk(situation({ definition: after, signals, sends: mail(status, null) }, at), minutes(4));
      expect(held).toMatchObject({
        decision: { kind: "wait" },
        signals: { used: [], kept: [signals[0]?.eventId, "later"] },
      });
    }
    // What waits in the queue leaves later than any of them.
    const queued = walk(situation({ definition: after, signals, sends: mail("queued", null) }, at), minutes(4));
    expect(queued.signals).toEqual({ used: [signals[0]?.eventId, "later"], kept: [] });
    const seen = signals.map((signal) => ({ ...signal, seen: true }));
    const sent = situation({ definition: after, signals: seen, sends: mail("sent", minutes(2)) }, at);
    expect(walk(sent, minutes(5)).notes[0]?.details).toMatchObject({ event_id: "later" });
  });

  test("keeps events that came after what it waited for, over a step that is saved in between", () => {
    const both = define([waitFor("one", "a"), update("tag", { done: true }), waitFor("two", "b"), exit("end")]);
    const signals = [came("a", minutes(1)), came("b", minutes(2))];
    const { decision, signals: after } = walk(situation({ definition: both, signals }), minutes(3));
    expect(decision).toMatchObject({ kind: "update", place: { stepId: "two", readyAt: minutes(1) } });
    expect(after).toEqual({ used: [signals[0]?.eventId], kept: [signals[1]?.eventId] });
  });

  test("keeps its end when its run is moved to a version where it would have another one", () => {
    const moved = situation({ definition }, { stepId: "wait", stepDueAt: minutes(5), readyAt: now });
    expect(walk(moved, minutes(4)).decision).toMatchObject({ kind: "wait", until: minutes(5) });
    expect(reasonsOf(moved, minutes(6))[0]).toBe("wait wait_timed_out");
  });
});

describe("a step that sets traits", () => {
  test("is saved before the run goes on, and says what was there before", () => {
    const definition = define([update("tag", { plan: null, onboarded: true }), exit("end")]);
    const { decision, notes } = walk(situation({ definition }), now);
    expect(decision).toMatchObject({
      kind: "update",
      ends: false,
      place: { stepId: "end" },
      set: { plan: null, onboarded: true },
    });
    expect(notes).toEqual([
      {
        stepId: "tag",
        reason: "profile_updated",
        details: { set: { plan: null, onboarded: true }, was: { plan: "pro", onboarded: null } },
      },
    ]);
  });

  test("may be the last one", () => {
    const { decision, notes } = walk(situation({ definition: define([update("tag", { a: 1 })]) }), now);
    expect(decision).toMatchObject({ kind: "update", ends: true });
    expect(notes.map(({ reason }) => reason)).toEqual(["profile_updated", "finished"]);
  });

  test("keeps no more of a long value than a note should hold", () => {
    const definition = define([update("tag", { bio: "x".repeat(5_000), toString: "own" })]);
    const [note] = walk(situation({ definition }), now).notes;
    expect(JSON.stringify(note).length).toBeLessThan(600);
    expect(note?.details.was).toEqual({ bio: null, toString: null });
  });
});

describe("a run that was moved", () => {
  const definition = define([
    {
      id: "b",
      type: "split",
      variants: ["one", "two"].map((id) => ({ id, weight: 1, steps: [update(`tag-${id}`, { id })] })),
    },
    exit("end"),
  ]);
  test("passes over what it had passed before, with all that is in it", () => {
    const moved = situation({ definition }, { stepId: "b", passedStepIds: ["b", "gone"], readyAt: minutes(-5) });
    const { notes, passedStepIds } = walk(moved, now);
    expect(notes.map(({ reason }) => reason)).toEqual(["passed_before", "exit_step"]);
    expect(passedStepIds).toEqual(["b"]);
  });

  test("is not thrown back in time by an email that it had sent before", () => {
    const sends = new Map([["mail", { status: "sent", sentAt: minutes(-9_000), unknownSince: null }]]);
    const later = define([
      { id: "mail", type: "send_email", subject: "s", text: "t" },
      { id: "pause", type: "delay", for: "PT1H" },
    ]);
    expect(walk(situation({ definition: later, sends }, { readyAt: now }), now).decision).toMatchObject({
      until: minutes(60),
    });
  });
});

test("only what a run may still come to is counted, and nothing while it only waits", () => {
  const asking = (event: string) => ({ performed: event });
  const branch = (id: string, event: string, steps: object[] = []) => ({
    id,
    type: "branch",
    branches: [{ when: { any: [asking(event), { field: "profile.a", op: "exists" }] }, steps }],
  });
  const definition = define(
    [
      branch("past", "e_past"),
      { id: "pause", type: "delay", for: "P1D" },
      branch("next", "e_next", [waitFor("inner", "activated", { where: asking("e_where") })]),
      branch("again", "e_next"),
    ],
    { exit_when: [{ event: "deleted", where: asking("e_exit") }] },
  );
  const asked = (run: { stepId: string | null; stepDueAt: Date | null }, ...names: string[]) =>
    asksOf(definition, run, { signals: names.map((name) => came(name, now)), now }).map(({ event }) => event);
  expect(asked({ stepId: null, stepDueAt: null })).toEqual(["e_past", "e_next"]);
  expect(asked({ stepId: "pause", stepDueAt: minutes(1) })).toEqual([]);
  expect(asked({ stepId: "pause", stepDueAt: minutes(-1) })).toEqual(["e_next"]);
  expect(asked({ stepId: "pause", stepDueAt: minutes(1) }, "deleted")).toEqual(["e_next", "e_exit"]);
  expect(asked({ stepId: "next", stepDueAt: null }, "activated")).toEqual(["e_next", "e_where"]);
});
