import { describe, expect, test } from "vitest";
import type { CallOutcome, CheckOutcome, SendOutcome } from "./connector";
import { type ConnectionStatus, connectionStatuses, rejectionCodes } from "./schema";
import { rejectionOf, statusAfter, verdictOf } from "./verdict";

const ready: CheckOutcome = {
  kind: "ready",
  server: { id: "1", name: "Production", sandbox: false },
  streams: [
    { id: "outbound", name: "Default", type: "transactional", unsubscribeHandling: "none", archived: false },
    { id: "lifecycle", name: "Lifecycle", type: "broadcast", unsubscribeHandling: "provider", archived: false },
    { id: "inbound", name: "In", type: "other", unsubscribeHandling: "none", archived: false },
  ],
  statsAvailable: true,
};

describe("each result of Validate has a sentence of its own, and says what to do", () => {
  test("works", () => {
    expect(verdictOf(ready, "lifecycle")).toMatchObject({
      ok: true,
      sentence:
        "It works: the token opens the server “Production” with “outbound” (transactional), “lifecycle” (broadcast).",
    });
  });

  test("works, on a plan without statistics", () => {
    expect(verdictOf({ ...ready, statsAvailable: false }, null)).toMatchObject({
      ok: true,
      sentence: expect.stringContaining("no statistics; sending does not need them"),
    });
  });

  test("works, on a server that delivers nothing", () => {
    const sandbox = { ...ready, server: { ...ready.server, sandbox: true } };
    expect(verdictOf(sandbox, null)).toMatchObject({ ok: true, sentence: expect.stringContaining("never delivered") });
  });

  test.each<[string, CheckOutcome, string, RegExp]>([
    [
      "token refused",
      { kind: "bad_credentials", accountToken: false, message: "" },
      "bad_credentials",
      /refused this token/,
    ],
    [
      "account token pasted",
      { kind: "bad_credentials", accountToken: true, message: "" },
      "bad_credentials",
      /account token, not a server token/,
    ],
    ["unreachable", { kind: "unreachable", message: "refused" }, "unreachable", /could not be reached: refused\./],
    ["rate limited", { kind: "failed", code: 429, message: "slow down" }, "rate_limited", /slow down/],
    ["something else", { kind: "failed", code: 1234, message: "" }, "rejected", /code 1234/],
  ])("%s", (_case, outcome, code, sentence) => {
    const verdict = verdictOf(outcome, null);
    expect(verdict).toMatchObject({ ok: false, rejection: { code, message: expect.stringMatching(sentence) } });
    expect(!verdict.ok && verdict.rejection.hint).toMatch(/\w{4}.*\./);
  });

  test("a stream that the server does not have, though the token is good", () => {
    expect(verdictOf(ready, "typo")).toMatchObject({
      ok: false,
      rejection: { code: "stream_unknown", message: expect.stringContaining("“lifecycle”") },
    });
  });
});

test("a check moves the status as written here and no other way", () => {
  const verdicts = {
    works: verdictOf(ready, null),
    refused: verdictOf({ kind: "bad_credentials", accountToken: false, message: "" }, null),
    unreachable: verdictOf({ kind: "unreachable", message: "" }, null),
  };
  const table: Record<ConnectionStatus, Record<keyof typeof verdicts, ConnectionStatus>> = {
    unvalidated: { works: "ready", refused: "unvalidated", unreachable: "unvalidated" },
    ready: { works: "ready", refused: "failing", unreachable: "ready" },
    failing: { works: "ready", refused: "failing", unreachable: "failing" },
    disabled: { works: "disabled", refused: "disabled", unreachable: "disabled" },
  };
  for (const status of connectionStatuses)
    expect({
      works: statusAfter(status, verdicts.works),
      refused: statusAfter(status, verdicts.refused),
      unreachable: statusAfter(status, verdicts.unreachable),
    }).toEqual(table[status]);
});

test.each<[string, CallOutcome | SendOutcome, string | null]>([
  ["accepted", { kind: "accepted", messageId: "x", note: null }, null],
  ["unknown", { kind: "unknown", cause: "x" }, null],
  [
    "an answered call tells its first refusal",
    { kind: "answered", outcomes: [{ kind: "inactive", code: 406, message: "x" }] },
    "recipient_inactive",
  ],
  [
    "an answered call that was accepted",
    { kind: "answered", outcomes: [{ kind: "accepted", messageId: "x", note: null }] },
    null,
  ],
  ["sender", { kind: "sender_refused", code: 400, message: "x" }, "from_not_verified"],
  ["unconfirmed sender", { kind: "sender_refused", code: 401, message: "x" }, "from_not_verified"],
  ["pending account in a batch", { kind: "sender_refused", code: 412, message: "x" }, "account_pending"],
  ["message", { kind: "refused", code: 300, message: "x" }, "rejected"],
  ["token", { kind: "call_refused", about: "credentials", code: 10, message: "x" }, "bad_credentials"],
  ["token, without code", { kind: "call_refused", about: "credentials", code: null, message: "x" }, "bad_credentials"],
  ["account", { kind: "call_refused", about: "account", code: 413, message: "x" }, "account_pending"],
  ["credits", { kind: "call_refused", about: "account", code: 405, message: "x" }, "rejected"],
  ["stream", { kind: "call_refused", about: "stream", code: 1235, message: "x" }, "stream_unknown"],
  ["pause", { kind: "not_sent", cause: "x", rateLimited: true, retryAfterMs: null }, "rate_limited"],
  ["outage", { kind: "not_sent", cause: "x", rateLimited: false, retryAfterMs: null }, "unreachable"],
])("a test send that came to %s is told as %j, with what to do", (_case, outcome, code) => {
  const rejection = rejectionOf(outcome);
  expect(rejection?.code ?? null).toBe(code);
  if (rejection) expect(rejectionCodes).toContain(rejection.code);
  if (rejection) expect(rejection.hint).not.toBe("");
});
