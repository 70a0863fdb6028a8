import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallOutcome, SendOutcome } from "../connections/schema";
import { attemptsMax } from "./backoff";
import { reasons } from "./reasons";
import type { Verdict } from "./schema";
import { laneNewsOf, settle, settleNotSent, settleRefusedCall, settleUnknown } from "./settle";

const now = new Date("2026-11-21T12:00:00Z");
const carried = { sendId: "s", number: 3, tries: 2 };
const circumstances = { now, chance: 0.5, searchLagMs: 60_000 };
const shape = ({ settlement, attempt, note }: Verdict) => [
  settlement.status,
  settlement.fact,
  attempt?.outcome ?? null,
  note?.reason,
];

test.each<[SendOutcome, unknown[]]>([
  [{ kind: "accepted", messageId: "m", note: null }, ["sent", "accepted", "accepted", "accepted"]],
  [{ kind: "inactive", code: 406, message: "no" }, ["skipped", "refused", "refused", "suppressed"]],
  [{ kind: "refused", code: 300, message: "no" }, ["failed", "refused", "refused", "refused"]],
  [{ kind: "sender_refused", code: 400, message: "no" }, ["failed", "refused", "refused", "from_not_verified"]],
  [{ kind: "not_sent", cause: "451" }, ["queued", null, "not_sent", "provider_busy"]],
  [{ kind: "not_sent", cause: "too late", late: true }, ["queued", null, "not_sent", undefined]],
  [{ kind: "unknown", cause: "reset" }, ["unknown", null, null, "no_answer"]],
])("%o is settled by what it says of the mail", (outcome, expected) => {
  expect(shape(settle(outcome, carried, circumstances))).toEqual(expected);
});

test("an email whose turn did not come while others of its call left has used up no try", () => {
  const { attempt } = settle({ kind: "not_sent", cause: "too late", late: true }, carried, circumstances);
  expect(attempt).toMatchObject({ undo: true });
});

test("what the provider accepted with a remark keeps the remark", () => {
  const { settlement } = settle({ kind: "accepted", messageId: "m", note: "delayed" }, carried, circumstances);
  expect(settlement).toMatchObject({ providerMessageId: "m", detail: "delayed", dueAt: null });
});

test.each([
  ["credentials", "connection_failing", { kind: "failing", sentence: "no" }],
  ["account", "account_refused", { kind: "held", reason: "account_refused", sentence: "no" }],
  ["stream", "stream_refused", { kind: "held", reason: "stream_refused", sentence: "no" }],
] as const)(
  "a call, or one email of it, refused for its %s burns nothing, and holds what it is about",
  (about, reason, news) => {
    const call = { kind: "call_refused", about, code: 10, message: "no" } as const;
    const verdict = settleRefusedCall(call, carried, circumstances);
    expect(shape(verdict)).toEqual(["queued", null, "refused", reason]);
    expect(verdict.settlement.dueAt).toEqual(now);
    expect(laneNewsOf(call)).toEqual(news);

    const blocked = { kind: "blocked", about, code: 10, message: "no" } as const;
    expect(settle(blocked, carried, circumstances)).toEqual(verdict);
    const accepted = { kind: "accepted", messageId: "m", note: null } as const;
    expect(laneNewsOf({ kind: "answered", outcomes: [accepted, blocked] })).toEqual(news);
  },
);

describe("a call whose messages were answered one by one", () => {
  const accepted = { kind: "accepted", messageId: "m", note: null } as const;
  const putOff = { kind: "not_sent", cause: "450 Greylisted" } as const;
  const late = { kind: "not_sent", cause: "too late", late: true } as const;
  const cut = { kind: "unknown", cause: "cut" } as const;

  test.each([
    [[cut, putOff, late], "cut"],
    [[putOff, putOff], "450 Greylisted"],
    [[cut], "cut"],
  ])("of which none got a word lets its lane rest (%#)", (outcomes, why) => {
    expect(laneNewsOf({ kind: "answered", outcomes })).toEqual({ kind: "rest", retryAfterMs: null, why });
  });

  test.each([
    [[cut, accepted], "fine"],
    [[putOff, accepted, late], "fine"],
    [[], "fine"],
    [[putOff], "nothing"],
    [[putOff, late], "nothing"],
    [[late], "nothing"],
  ] as const)("of which one did shows that all is well, and one put off alone shows nothing (%#)", (outcomes, kind) => {
    expect(laneNewsOf({ kind: "answered", outcomes: [...outcomes] })).toEqual({ kind });
  });
});

test("a refused call that cannot be made smaller fails its message, and the lane is well", () => {
  const call = { kind: "call_refused", about: "message", code: 402, message: "no" } as const;
  expect(shape(settleRefusedCall(call, carried, circumstances))).toEqual(["failed", "refused", "refused", "refused"]);
  expect(laneNewsOf(call)).toEqual({ kind: "fine" });
});

test("a call that never left is tried again after a growing pause, and no more than so often", () => {
  const call = { kind: "not_sent", cause: "refused", rateLimited: false, retryAfterMs: null } as const;
  const again = settleNotSent(call, carried, circumstances);
  expect(shape(again)).toEqual(["queued", null, "not_sent", "provider_busy"]);
  expect(again.settlement.dueAt).toEqual(new Date(now.getTime() + 135_000));
  const last = settleNotSent(call, { ...carried, tries: attemptsMax - 1 }, circumstances);
  expect(shape(last)).toEqual(["failed", null, "not_sent", "attempts_exhausted"]);
});

test("being told to slow down is obeyed and does not count", () => {
  const call = { kind: "not_sent", cause: "429", rateLimited: true, retryAfterMs: 7_000 } as const;
  const verdict = settleNotSent(call, { ...carried, tries: attemptsMax - 1 }, circumstances);
  expect(shape(verdict)).toEqual(["queued", null, "refused", "provider_busy"]);
  expect(verdict.settlement.dueAt).toEqual(new Date(now.getTime() + 7_000));
  expect(laneNewsOf(call)).toMatchObject({ kind: "rest", retryAfterMs: 7_000, why: expect.any(String) });
});

const text = fc.string();
const call: fc.Arbitrary<CallOutcome> = fc.oneof(
  fc.record({
    kind: fc.constant("not_sent" as const),
    cause: text,
    rateLimited: fc.boolean(),
    retryAfterMs: fc.option(fc.nat(1e6)),
  }),
  fc.record({ kind: fc.constant("unknown" as const), cause: text }),
  fc.record({
    kind: fc.constant("call_refused" as const),
    about: fc.constantFrom("credentials" as const, "account" as const, "stream" as const, "message" as const),
    code: fc.option(fc.nat(2_000)),
    message: text,
  }),
);

test("whatever becomes of a call: what may have been sent is never put back into the queue, and everything has its reason", () => {
  fc.assert(
    fc.property(call, fc.nat(20), (outcome, tries) => {
      const at = { sendId: "s", number: 1, tries };
      const verdict =
        outcome.kind === "unknown"
          ? settleUnknown(outcome.cause, at, circumstances)
          : outcome.kind === "not_sent"
            ? settleNotSent(outcome, at, circumstances)
            : outcome.kind === "call_refused"
              ? settleRefusedCall(outcome, at, circumstances)
              : null;
      if (verdict === null) throw new Error("not generated");
      const { settlement, attempt, note } = verdict;
      if (settlement.status === "queued") expect(["refused", "not_sent"]).toContain(attempt?.outcome);
      if (attempt?.outcome === null) expect(settlement.status).toBe("unknown");
      // What is still to be looked at has a time for it, what is settled has none.
      expect(settlement.dueAt !== null).toBe(settlement.status === "queued" || settlement.status === "unknown");
      expect(note && note.reason in reasons).toBe(true);
    }),
  );
});
