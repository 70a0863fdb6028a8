import { describe, expect, test } from "vitest";
import { liveTrigger } from "../automations/schema";
import { condition, performedQueries } from "../conditions/schema";
import { checkEvent, type EntryFacts, notEntered, type WhyEvent } from "./why-entry";
import { type History, historyOf, statusAt, stopAt } from "./why-history";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 9, minute));
const trigger = (over: object = {}) =>
  liveTrigger.parse({ trigger: { type: "event", event: "signed_up" }, audience: null, ...over });
const version = (minute: number, over: object = {}, number = 1) => ({
  id: `version-${number}`,
  number,
  at: at(minute),
  trigger: trigger(over),
});
const history = (over: Partial<History> = {}): History => ({
  versions: [version(0)],
  changes: [{ at: at(0), to: "live" }],
  stops: [],
  ...over,
});
const facts = (over: Partial<EntryFacts> = {}): EntryFacts => ({
  history: history(),
  person: { id: "person", externalId: "user-1", traits: { plan: "free" }, createdAt: at(0) },
  entries: [],
  performed: new Map(),
  ...over,
});
const event = (over: Partial<WhyEvent> = {}): WhyEvent => ({
  id: "0000-event-2",
  name: "signed_up",
  source: "server",
  properties: { amount: 5 },
  occurredAt: at(10),
  receivedAt: at(10),
  ...over,
});
const why = (over: Partial<EntryFacts> = {}, happened: Partial<WhyEvent> = {}) =>
  checkEvent(event(happened), facts(over));
const asked = (over: object, more: Partial<EntryFacts> = {}) =>
  why({ history: history({ versions: [version(0, over)] }), ...more });
const keysOf = (rule: object) => performedQueries(condition.parse(rule)).map(({ key }) => key);
const free = { field: "profile.plan", op: "eq", value: "free" };
const pro = { field: "profile.plan", op: "eq", value: "pro" };

describe("why an event started no run", () => {
  test("it did start one", () => {
    const entries = [{ enrollmentId: "run", eventId: "0000-event-2", at: at(10) }];
    expect(why({ entries })).toMatchObject({ reason: "trigger", details: { enrollment_id: "run" } });
  });

  test("it came before the first version", () => {
    const { reason, sentence } = why({ history: history({ versions: [version(30)] }) });
    expect(reason).toBe("not_published_yet");
    expect(sentence).toContain("It was published at 2026-11-21 09:30:00 UTC.");
  });

  test("the automation was paused or archived, or all sending was stopped, at that moment and not only now", () => {
    const paused = history({
      changes: [
        { at: at(5), to: "paused" },
        { at: at(20), to: "live" },
      ],
    });
    expect(why({ history: paused })).toMatchObject({
      reason: "was_paused",
      sentence: expect.stringContaining("Paused since 2026-11-21 09:05:00 UTC, until 2026-11-21 09:20:00 UTC."),
    });
    expect(why({ history: paused }, { receivedAt: at(25), occurredAt: at(25) }).reason).toBe("no_run_made");
    expect(why({ history: history({ changes: [{ at: at(5), to: "archived" }] }) }).reason).toBe("was_archived");
    const stops = [
      { at: at(5), stopped: true },
      { at: at(20), stopped: false },
    ];
    expect(why({ history: history({ stops }) }).reason).toBe("sending_was_stopped");
    expect(why({ history: history({ stops }) }, { receivedAt: at(21), occurredAt: at(21) }).reason).toBe("no_run_made");
  });

  test("the version that was live then asked for something else, whatever the newest one asks", () => {
    const versions = [version(0, { trigger: { type: "event", event: "paid" } }), version(15, {}, 2)];
    expect(why({ history: history({ versions }) })).toMatchObject({
      reason: "other_event",
      details: { version: 1, starts_on: "paid" },
    });
    expect(asked({ trigger: { type: "event", event: "signed_up", source: "server" } }).reason).toBe("no_run_made");
    expect(
      why(
        {
          history: history({
            versions: [version(0, { trigger: { type: "event", event: "signed_up", source: "server" } })],
          }),
        },
        { source: "browser" },
      ).reason,
    ).toBe("wrong_source");
    expect(why({ history: history({ versions: [{ ...version(0), trigger: null }] }) }).reason).toBe(
      "version_unreadable",
    );
  });

  test("it was more than 72 hours old when it came, however long ago that is by now", () => {
    const occurredAt = (hours: number) => ({ occurredAt: new Date(at(10).getTime() - hours * 3_600_000) });
    expect(why({}, occurredAt(73)).reason).toBe("event_too_old");
    expect(why({}, occurredAt(72)).reason).toBe("no_run_made");
  });

  test("the trigger's conditions or the audience did not hold, with the values that were looked at", () => {
    const where = { field: "event.amount", op: "gte", value: 10 };
    expect(asked({ trigger: { type: "event", event: "signed_up", where } })).toMatchObject({
      reason: "where_not_met",
      sentence: "The event did not meet the conditions of the trigger.",
      details: { conditions: "event amount is at least 10", values: { "event.amount": 5 } },
    });
    expect(asked({ audience: pro })).toMatchObject({
      reason: "audience_not_met",
      sentence: expect.stringMatching(/as they are now; how they were then is not kept\.$/),
      details: { conditions: 'plan is "pro"', values: { "profile.plan": "free" } },
    });
  });

  test("what had been performed by then counts, and not what was performed later", () => {
    const audience = { performed: "bought", count: { op: "gte", value: 2 } };
    const [key = ""] = keysOf(audience);
    const counted = (times: number) =>
      asked({ audience }, { performed: new Map([["0000-event-2", new Map([[key, times]])]]) });
    expect(counted(1).reason).toBe("audience_not_met");
    expect(counted(2).reason).toBe("person_was_different");
  });

  test("the person had entered before, once and for all or not long enough ago", () => {
    const entries = [{ enrollmentId: "run", eventId: "0000-event-1", at: at(1) }];
    expect(why({ entries })).toMatchObject({ reason: "already_entered", details: { enrollment_id: "run" } });
    expect(asked({ reentry: "every_time" }, { entries }).reason).toBe("no_run_made");
    expect(asked({ reentry: { once_every: "P1D" } }, { entries })).toMatchObject({
      reason: "entered_lately",
      sentence: expect.stringContaining("could again from 2026-11-22 09:01:00 UTC."),
    });
    expect(asked({ reentry: { once_every: "PT5M" } }, { entries }).reason).toBe("no_run_made");
    const later = [{ enrollmentId: "run", eventId: "0000-event-3", at: at(30) }];
    expect(why({ entries: later }).reason, "an entry that came later is no reason").toBe("no_run_made");
  });

  test("the conditions hold for the person by now, so they did not then", () => {
    expect(asked({ audience: free })).toMatchObject({
      reason: "person_was_different",
      details: { values: { "profile.plan": "free" } },
    });
  });
});

describe("the answer for one person", () => {
  const events = [event({ id: "0000-event-3", name: "signed_up" }), event()];
  const answer = (over: Partial<EntryFacts>, given = events) =>
    notEntered(given, facts(over), { startsOn: ["signed_up", "joined"], more: false });

  test("is that of the newest event, with all that were looked at", () => {
    const entries = [{ enrollmentId: "run", eventId: "0000-event-2", at: at(10) }];
    const told = answer({ entries });
    expect(told).toMatchObject({ reason: "already_entered", more: false });
    expect(told?.sentence).toMatch(/^“signed_up” came at 2026-11-21 09:10:00 UTC\. The person had entered before/);
    expect(told?.checked.map(({ reason }) => reason)).toEqual(["already_entered", "trigger"]);
  });

  test("is nothing when the newest event started a run", () => {
    expect(answer({ entries: [{ enrollmentId: "run", eventId: "0000-event-3", at: at(10) }] })).toBeNull();
  });

  test("names the events that would start it when none came", () => {
    expect(answer({}, [])).toEqual({
      reason: "no_such_event",
      sentence:
        "The event that starts the automation never came for this person. It starts on “signed_up” or “joined”.",
      checked: [],
      more: false,
    });
  });

  test("of an automation that was never published is that, whatever came", () => {
    expect(answer({ history: history({ versions: [], changes: [] }) })).toMatchObject({ reason: "never_published" });
  });
});

describe("what an automation was", () => {
  const present = { status: "live", statusSince: at(59), stoppedSince: null } as const;

  test("is known from its audit entries, and from its first version where there are none", () => {
    const known = historyOf(
      [version(3)],
      { changes: [{ at: at(7), to: "paused" }], stops: [] },
      { ...present, status: "paused" },
    );
    expect([1, 4, 8].map((minute) => statusAt(known, at(minute)).status)).toEqual(["draft", "live", "paused"]);
    expect(statusAt(known, at(4)).until).toEqual(at(7));
  });

  test("ends with what is true now, also when no entry tells of it", () => {
    const known = historyOf(
      [version(3)],
      { changes: [], stops: [] },
      { status: "paused", statusSince: at(9), stoppedSince: at(8) },
    );
    expect([4, 10].map((minute) => statusAt(known, at(minute)).status)).toEqual(["live", "paused"]);
    expect([stopAt(known, at(7)), stopAt(known, at(8))]).toEqual([null, { since: at(8), until: null }]);
    const resumed = historyOf([version(3)], { changes: [], stops: [{ at: at(4), stopped: true }] }, present);
    expect(stopAt(resumed, at(59))).toBeNull();
  });
});
