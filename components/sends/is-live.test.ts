import { expect, test } from "vitest";
import { isLive } from "./is-live";

const now = Date.parse("2026-11-21T12:00:00Z");

test.each([
  ["queued", null, true],
  ["unknown", "2026-11-01T12:00:00Z", true],
  ["delivered", "2026-11-21T11:30:00Z", true],
  ["delivered", "2026-11-21T10:30:00Z", false],
  ["skipped", null, false],
  ["failed", null, false],
] as const)("a send that is %s and left at %s is followed: %s", (status, sent_at, live) => {
  expect(isLive({ status, sent_at }, now)).toBe(live);
});
