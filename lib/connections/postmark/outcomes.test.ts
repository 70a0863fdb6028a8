import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Exchange } from "./exchange";
import { callOutcomeOf, sendOutcomeOf } from "./outcomes";

const sample = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../sandbox/samples/${name}.json`, import.meta.url), "utf8"));
const answer = (status: number, body: unknown, retryAfterMs: number | null = null): Exchange => ({
  kind: "answer",
  text: "",
  status,
  body,
  retryAfterMs,
});
const accepted = (id = "11111111-1111-4111-8111-111111111111") => ({ MessageID: id, ErrorCode: 0, Message: "OK" });
const refusal = (code: number) => ({ ErrorCode: code, Message: "words" });
const one = ["ana@example.com"];
const two = ["ana@example.com", "old@example.com"];

test("a mixed batch is told item by item, in its order", () => {
  const recipients = ["ana@example.com", "old@example.com", "broken", "dan@example.com"];
  const outcome = callOutcomeOf(answer(200, sample("batch.response.mixed")), recipients);
  expect(outcome).toMatchObject({
    kind: "answered",
    outcomes: [
      { kind: "accepted", messageId: "7a3c9d10-5b2e-4f61-9c8e-0d4b1f6a2c31", note: null },
      { kind: "inactive", code: 406 },
      { kind: "refused", code: 300, message: "Invalid 'To' address: 'broken'." },
      { kind: "sender_refused", code: 400 },
    ],
  });
});

describe("one item", () => {
  test.each([
    [
      "a MessageID without ErrorCode is accepted, and the remark kept",
      "email.response.delayed-no-errorcode",
      { kind: "accepted", note: "Message accepted, but delivery may be delayed." },
    ],
    [
      "the test token's answer is accepted with its remark",
      "email.response.test-token",
      { kind: "accepted", note: "Test job accepted" },
    ],
    ["an inactive recipient is told as one", "email.error.422-406-inactive", { kind: "inactive", code: 406 }],
    [
      "an unverified sender is a person's to mend",
      "email.error.422-400-sender-signature",
      { kind: "sender_refused", code: 400 },
    ],
    ["an unconfirmed sender too", "email.error.422-401-unconfirmed", { kind: "sender_refused", code: 401 }],
    ["an invalid address is this message's fault", "email.error.422-300-invalid-to", { kind: "refused", code: 300 }],
    ["a forbidden attachment too", "email.error.422-411-attachment", { kind: "refused", code: 411 }],
  ])("%s", (_promise, name, outcome) => {
    expect(sendOutcomeOf(sample(name), "ana@example.com")).toMatchObject(outcome);
  });

  test("taken for an inactive recipient alone, it reaches nobody, so it counts as inactive", () => {
    const item = sample("email.response.partial-inactive");
    expect(sendOutcomeOf(item, "OLD@example.com").kind).toBe("inactive");
    expect(sendOutcomeOf(item, "gone@example.com").kind).toBe("inactive");
    expect(sendOutcomeOf(item, "ana@example.com")).toMatchObject({ kind: "accepted" });
  });

  test.each([
    {},
    null,
    "OK",
    7,
    [],
    { ErrorCode: 0 },
    { Message: "OK" },
    { MessageID: "" },
    { ErrorCode: "300" },
    { MessageID: 5 },
  ])("%j, without MessageID and code, is never taken for a refusal or an acceptance", (item) => {
    expect(sendOutcomeOf(item, "ana@example.com").kind).toBe("unknown");
  });

  test("a MessageID is acceptance even beside an error code", () => {
    const item = { ErrorCode: 406, Message: "someone else is inactive", MessageID: "AB-1" };
    expect(sendOutcomeOf(item, "ana@example.com")).toEqual({
      kind: "accepted",
      messageId: "ab-1",
      note: "someone else is inactive",
    });
  });
});

describe("a 200 that does not answer each message leaves all unknown", () => {
  test.each([
    ["fewer answers", [accepted()]],
    ["more answers", [accepted(), accepted(), accepted()]],
    ["an empty list", []],
    ["an empty object", {}],
    ["half a JSON text", undefined],
    ["a string", "OK"],
    ["an object in place of the list", accepted()],
  ])("%s", (_case, body) => {
    expect(callOutcomeOf(answer(200, body), two).kind).toBe("unknown");
  });
});

describe("a refused call", () => {
  test.each([
    ["a bad token", 401, refusal(10), { kind: "call_refused", about: "credentials", code: 10 }],
    ["401 without JSON", 401, undefined, { kind: "call_refused", about: "credentials", code: null }],
    ["an account without credits", 422, refusal(405), { kind: "call_refused", about: "account", code: 405 }],
    ["an account pending approval", 422, refusal(412), { kind: "call_refused", about: "account", code: 412 }],
    ["an account not approved", 422, refusal(413), { kind: "call_refused", about: "account", code: 413 }],
    ["an invalid account", 422, refusal(422), { kind: "call_refused", about: "account", code: 422 }],
    ["a foreign IP address", 422, refusal(1480), { kind: "call_refused", about: "account", code: 1480 }],
    ["an unknown stream", 422, refusal(1235), { kind: "call_refused", about: "stream", code: 1235 }],
    ["an inbound stream", 422, refusal(1236), { kind: "call_refused", about: "stream", code: 1236 }],
    ["too many messages", 422, refusal(410), { kind: "call_refused", about: "message", code: 410 }],
    ["a wrong type in one message", 422, refusal(403), { kind: "call_refused", about: "message", code: 403 }],
    ["broken JSON", 422, refusal(402), { kind: "call_refused", about: "message", code: 402 }],
    ["an invalid message", 422, refusal(300), { kind: "call_refused", about: "message", code: 300 }],
    ["an unverified sender of one of many", 422, refusal(400), { kind: "call_refused", about: "message", code: 400 }],
    ["a body too large", 413, undefined, { kind: "call_refused", about: "message", code: null }],
    ["missing headers", 415, undefined, { kind: "call_refused", about: "message", code: null }],
    ["a path that is not there", 404, undefined, { kind: "call_refused", about: "account", code: null }],
    ["a wrong method", 405, undefined, { kind: "call_refused", about: "account", code: null }],
    ["too many requests", 429, refusal(429), { kind: "not_sent", rateLimited: true }],
    ["too many requests, as HTML", 429, undefined, { kind: "not_sent", rateLimited: true }],
    ["maintenance", 503, refusal(100), { kind: "not_sent", rateLimited: false }],
    ["503 of something else", 503, undefined, { kind: "unknown" }],
    ["503 with another code", 503, refusal(101), { kind: "unknown" }],
    ["an internal error", 500, refusal(101), { kind: "unknown" }],
    ["an internal error without JSON", 500, undefined, { kind: "unknown" }],
    ["an internal error that names another code", 500, refusal(300), { kind: "unknown" }],
    ["a bad gateway's HTML", 502, undefined, { kind: "unknown" }],
    ["a gateway's timeout", 504, undefined, { kind: "unknown" }],
    ["an edge's 403 in HTML", 403, undefined, { kind: "unknown" }],
    ["a request timeout", 408, refusal(0), { kind: "unknown" }],
    ["a redirect", 302, undefined, { kind: "unknown" }],
    ["a redirect of a POST", 307, undefined, { kind: "unknown" }],
  ])("%s", (_case, status, body, outcome) => {
    expect(callOutcomeOf(answer(status, body), two)).toMatchObject(outcome);
  });

  test.each([
    [300, "refused"],
    [403, "refused"],
    [400, "sender_refused"],
    [401, "sender_refused"],
    [406, "inactive"],
  ])("of a single message with code %i is told of the message itself", (code, kind) => {
    expect(callOutcomeOf(answer(422, refusal(code)), one)).toMatchObject({
      kind: "answered",
      outcomes: [{ kind, code }],
    });
  });

  test("a 422 that carries a MessageID was accepted", () => {
    const body = { ErrorCode: 406, Message: "words", MessageID: "x-1" };
    expect(callOutcomeOf(answer(422, body), one)).toMatchObject({ kind: "answered", outcomes: [{ kind: "accepted" }] });
  });

  test("keeps how long to wait", () => {
    expect(callOutcomeOf(answer(429, refusal(429), 7000), two)).toMatchObject({
      rateLimited: true,
      retryAfterMs: 7000,
    });
  });
});

describe("one message by itself", () => {
  const alone = (status: number, body: unknown) => callOutcomeOf(answer(status, body), one, { alone: true });

  test("is answered with its item, and judged by the same table", () => {
    expect(alone(200, accepted("AB-1"))).toMatchObject({ kind: "answered", outcomes: [{ messageId: "ab-1" }] });
    for (const [code, outcome] of [
      [300, { kind: "answered", outcomes: [{ kind: "refused" }] }],
      [400, { kind: "answered", outcomes: [{ kind: "sender_refused" }] }],
      [406, { kind: "answered", outcomes: [{ kind: "inactive" }] }],
      [412, { kind: "call_refused", about: "account" }],
      [1235, { kind: "call_refused", about: "stream" }],
    ] as const) {
      expect(alone(422, refusal(code))).toMatchObject(outcome);
      expect(callOutcomeOf(answer(200, [refusal(code)]), one)).toMatchObject(outcome);
    }
    expect(alone(401, refusal(10))).toMatchObject({ kind: "call_refused", about: "credentials" });
  });

  test.each([[[accepted()]], [[]], [undefined], ["OK"], [null]])("answered with %j it is unknown", (body) => {
    expect(alone(200, body).kind).toBe("unknown");
    expect(alone(200, {})).toMatchObject({ kind: "answered", outcomes: [{ kind: "unknown" }] });
  });
});

describe("items that are refused for what they share", () => {
  test("make it a refused call when none was taken, so that no mail fails for a stream", () => {
    expect(callOutcomeOf(answer(200, [refusal(1235), refusal(1235)]), two)).toMatchObject({
      kind: "call_refused",
      about: "stream",
      code: 1235,
    });
    expect(callOutcomeOf(answer(200, [refusal(406), refusal(412)]), two)).toMatchObject({
      kind: "call_refused",
      about: "account",
      code: 412,
    });
  });

  test("wait for a person when others were taken", () => {
    expect(callOutcomeOf(answer(200, [accepted(), refusal(412)]), two)).toMatchObject({
      kind: "answered",
      outcomes: [{ kind: "accepted" }, { kind: "blocked", about: "account", code: 412 }],
    });
  });

  test("never hide an unknown one", () => {
    expect(callOutcomeOf(answer(200, [{}, refusal(1235)]), two)).toMatchObject({
      kind: "answered",
      outcomes: [{ kind: "unknown" }, { kind: "blocked", about: "stream" }],
    });
  });
});

test("no answer whatever makes it throw, or makes it say accepted without a MessageID", () => {
  const body = fc.oneof(
    fc.jsonValue(),
    fc.array(
      fc.record(
        { ErrorCode: fc.jsonValue(), Message: fc.jsonValue(), MessageID: fc.jsonValue() },
        { requiredKeys: [] },
      ),
    ),
  );
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), body, (status, value) => {
      const outcome = callOutcomeOf(answer(status, value), two);
      if (outcome.kind !== "answered") return;
      expect(outcome.outcomes).toHaveLength(2);
      if (JSON.stringify(value).includes('"MessageID":"')) return;
      expect(outcome.outcomes.some(({ kind }) => kind === "accepted")).toBe(false);
    }),
  );
});
