import { expect, test } from "vitest";
import { exactTime, relativeTime } from "./relative-time";

const now = Date.parse("2026-11-21T12:00:00Z");
const at = (seconds: number) => relativeTime(now + seconds * 1000, now);

test("a moment ago and a clock that runs a little ahead are both just now", () => {
  expect([at(0), at(-59), at(4)]).toEqual(["just now", "just now", "just now"]);
});

test("time is told in the largest unit that fits, never rounded up", () => {
  expect(at(-119)).toBe("1 min. ago");
  expect(at(-3 * 3600 - 3599)).toBe("3 hr. ago");
  expect(at(-86_400)).toBe("yesterday");
  expect(at(-13 * 86_400)).toBe("last wk.");
  expect(at(2 * 3600)).toBe("in 2 hr.");
});

test("the exact time names its zone", () => {
  expect(exactTime(now, "UTC")).toBe("21 Nov 2026, 12:00:00 UTC");
  expect(exactTime(now, "Europe/Berlin")).toBe("21 Nov 2026, 13:00:00 CET");
});
