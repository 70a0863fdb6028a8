import { describe, expect, test } from "vitest";
import { type StoredRun, type WhyFacts, whyOf } from "./why";
import { historyOf } from "./why-history";
import type { Surroundings } from "./why-stand";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 9, minute));
const now = at(30);
type StoredSend = StoredRun["sends"][number];
const send = (over: Partial<StoredSend> = {}): StoredSend => ({
  id: "send",
  stepId: "welcome",
  subject: null,
  status: "queued",
  reason: null,
  detail: null,
  scheduledAt: at(20),
  dueAt: null,
  notBefore: null,
  unknownSince: null,
  happenedAt: null,
  ...over,
});
const decision = (over: Partial<StoredRun["decisions"][number]>): StoredRun["decisions"][number] => ({
  id: "decision",
  at: at(21),
  kind: "waited",
  reason: "delay",
  automation_id: "automation",
  enrollment_id: "run",
  step_id: null,
  send_id: "send",
  details: {},
  ...over,
});
const run = (over: Partial<StoredRun> = {}): StoredRun => ({
  id: "run",
  version: 1,
  status: "active",
  reason: null,
  stepId: "welcome",
  stepDueAt: null,
  dueAt: null,
  enteredAt: at(10),
  endedAt: null,
  sends: [],
  decisions: [],
  ...over,
});
const around: Surroundings = { status: "live", pausedSince: null, stoppedSince: null, failingSince: new Map() };
const version = { id: "version", number: 1, at: at(0), trigger: null };
const facts = (runs: StoredRun[], over: Partial<WhyFacts> = {}): WhyFacts => ({
  automation: { id: "automation", name: "Welcome", status: "live" },
  around,
  entry: {
    history: historyOf(
      [version],
      { changes: [], stops: [] },
      { status: "live", statusSince: at(0), stoppedSince: null },
    ),
    person: { id: "person", externalId: null, traits: {}, createdAt: at(0) },
    entries: runs.map(({ id, enteredAt }) => ({ enrollmentId: id, eventId: null, at: enteredAt })),
    performed: new Map(),
  },
  events: [],
  moreEvents: false,
  startsOn: ["signed_up"],
  runs,
  moreRuns: false,
  ...over,
});
const answer = (over: Partial<StoredRun>, surroundings: Partial<Surroundings> = {}) =>
  whyOf(facts([run(over)], { around: { ...around, ...surroundings } }), now).answer;
const queued = (over: Partial<StoredSend>, surroundings: Partial<Surroundings> = {}) =>
  answer({ sends: [send(over)] }, surroundings);

describe("an email that waits", () => {
  test.each([
    ["in_queue", {}, "Queued at 2026-11-21 09:20:00 UTC."],
    ["in_queue", { dueAt: at(45) }, "It leaves at the earliest at 2026-11-21 09:45:00 UTC."],
    ["provider_busy", { notBefore: at(40) }, "Tried again at 2026-11-21 09:40:00 UTC."],
    ["provider_busy", { reason: "provider_busy", dueAt: at(40), detail: "too many" }, "(too many)"],
    ["late", { reason: "late" }, "It was to leave at 2026-11-21 09:20:00 UTC."],
    ["awaiting_email", { reason: "awaiting_email" }, "Until 2026-11-21 09:30:00 UTC."],
    [
      "no_answer",
      { status: "unknown", unknownSince: at(21), dueAt: at(33) } as const,
      "Unknown since 2026-11-21 09:21:00 UTC. Looked up again at 2026-11-21 09:33:00 UTC.",
    ],
    [
      "cannot_know",
      { status: "unknown", reason: "cannot_know", unknownSince: at(21), detail: "Another server." } as const,
      "(Another server.)",
    ],
    ["being_sent", { status: "sending" } as const, "at this moment"],
    ["in_queue", { reason: "what_a_newer_release_wrote" }, "in the queue"],
  ])("says %s", (code, over, words) => {
    const told = queued(over);
    expect(told.code).toBe(code);
    expect(told.sentence).toContain(words);
  });

  test("says since when everything, the automation or the connection holds it", () => {
    expect(queued({ reason: "sending_stopped" }, { stoppedSince: at(5) }).sentence).toContain(
      "Since 2026-11-21 09:05:00 UTC.",
    );
    expect(queued({ reason: "paused" }, { pausedSince: at(6) }).since).toBe(at(6).toISOString());
    const failingSince = new Map([["send", at(7)]]);
    expect(queued({ reason: "connection_failing" }, { failingSince }).sentence).toContain(
      "It fails since 2026-11-21 09:07:00 UTC.",
    );
    expect(queued({ reason: "connection_disabled" })).toMatchObject({ code: "connection_disabled", since: null });
  });
});

describe("a run without an open email", () => {
  test("waits until its delay is over, or for what its newest decision says", () => {
    const told = answer({ stepDueAt: at(50) });
    expect(told).toMatchObject({ code: "delay", until: at(50).toISOString() });
    expect(told.sentence).toBe("Waits at a delay step. Until 2026-11-21 09:50:00 UTC.");
    const decisions = [decision({ reason: "waited_for", send_id: null })];
    expect(answer({ stepDueAt: at(50), decisions }).code).toBe("waited_for");
  });

  test("stands still while the automation is paused or all sending is stopped, and otherwise goes on", () => {
    expect(answer({ stepDueAt: at(50) }, { status: "paused", pausedSince: at(5) }).code).toBe("paused");
    expect(answer({}, { stoppedSince: at(5) }).code).toBe("sending_stopped");
    expect(answer({ dueAt: at(40) })).toMatchObject({ code: "its_turn", until: at(40).toISOString() });
    expect(answer({ dueAt: at(20) })).toMatchObject({ code: "its_turn", until: null });
  });

  test("that ended without an email says how", () => {
    expect(answer({ status: "completed", endedAt: at(29) }).sentence).toBe(
      "The run ended without reaching an email. It ended at 2026-11-21 09:29:00 UTC.",
    );
    expect(answer({ status: "exited", reason: "exit_step", endedAt: at(29) }).code).toBe("exit_step");
    expect(answer({ status: "exited", reason: "newer" }).code, "never without an answer").toBe("engine_error");
  });
});

describe("an email that is settled", () => {
  const settled = (over: Partial<StoredSend>, more: Partial<StoredRun> = {}) =>
    answer({ status: "completed", endedAt: at(29), sends: [send(over)], ...more });

  test("is told by what is known of it last", () => {
    expect(settled({ status: "sent", happenedAt: at(22) }).code).toBe("accepted");
    expect(settled({ status: "sent" }, { decisions: [decision({ kind: "sent", reason: "found" })] })).toMatchObject({
      code: "found",
      since: at(21).toISOString(),
    });
    expect(settled({ status: "delivered", happenedAt: at(23) }).sentence).toContain(
      "That was at 2026-11-21 09:23:00 UTC.",
    );
    expect(settled({ status: "bounced" }).code).toBe("bounced");
    expect(settled({ status: "complained" }).code).toBe("complained");
    expect(settled({ status: "failed", reason: "refused", detail: "Illegal header" }).sentence).toContain(
      "(Illegal header)",
    );
    expect(settled({ status: "skipped", reason: "suppressed", detail: "The address is suppressed." }).sentence).toBe(
      "The address is suppressed.",
    );
  });

  test("that was dropped by a pause says so in the past", () => {
    expect(settled({ status: "skipped", reason: "paused" }).sentence).toMatch(/^The automation was paused, and queued/);
  });

  test("followed by an exit says both", () => {
    const told = settled({ status: "delivered" }, { status: "exited", reason: "exit_step" });
    expect(told).toMatchObject({
      code: "delivered",
      sentence: expect.stringContaining("Then the run ended: Reached an"),
    });
  });
});

describe("the first sentence", () => {
  const event = (minute: number) => ({
    id: `0000-${minute}`,
    name: "signed_up",
    source: "server",
    properties: {},
    occurredAt: at(minute),
    receivedAt: at(minute),
  });

  test("is about the newest run, until an event came later that should have started another", () => {
    const before = whyOf(facts([run({ stepDueAt: at(50) })], { events: [event(5)] }), now);
    expect(before).toMatchObject({ answer: { code: "delay" }, not_entered: { reason: "version_unreadable" } });
    const after = whyOf(facts([run({ stepDueAt: at(50) })], { events: [event(15)] }), now);
    expect(after.answer).toMatchObject({ code: "version_unreadable", since: at(15).toISOString() });
    expect(after.answer.sentence).toMatch(/^Did not enter\. “signed_up” came at 2026-11-21 09:15:00 UTC\./);
  });

  test("is never missing, for somebody of whom nothing is known", () => {
    expect(whyOf(facts([]), now)).toMatchObject({
      answer: { code: "no_such_event", sentence: expect.stringMatching(/^Did not enter\. .+\.$/) },
      not_entered: { checked: [] },
      runs: [],
    });
  });
});
