import { expect, test } from "vitest";
import { causeOf, retryAfterMs } from "./exchange";

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);

test.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["999999", 3_600_000],
  ["Sat, 21 Nov 2026 12:00:30 GMT", 30_000],
  ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
  ["soon", null],
  ["", null],
  [null, null],
])("Retry-After %j asks for %j ms", (header, delayMs) => {
  expect(retryAfterMs(header, nowMs)).toBe(delayMs);
});

test("a cause names the provider's code, else the status, else what broke", () => {
  const told = { kind: "answer", text: "", retryAfterMs: null } as const;
  expect(causeOf({ ...told, status: 422, body: { ErrorCode: 300, Message: "Bad." } })).toBe(
    "it answered code 300: Bad.",
  );
  expect(causeOf({ ...told, status: 502, body: undefined })).toBe("it answered HTTP 502 without JSON");
  expect(causeOf({ ...told, status: 307, body: undefined })).toBe("it answered with a redirect (HTTP 307)");
  expect(causeOf({ kind: "unknown", cause: "the connection broke" })).toBe("the connection broke");
});
