import fc from "fast-check";
import { expect, test } from "vitest";
import { attemptsMax, laneRestMs, lookUpDelayMs, retryDelayMs } from "./backoff";

const chance = fc.double({ min: 0, max: 0.999, noNaN: true });

test("tries are spread over about two days, each pause longer than the last until they level off", () => {
  const pauses = Array.from({ length: attemptsMax - 1 }, (_, index) => retryDelayMs(index + 1, 0.5));
  expect(pauses.slice(0, 4)).toEqual([15_000, 45_000, 135_000, 405_000]);
  expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  const hours = pauses.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
  expect(hours).toBeGreaterThan(40);
  expect(hours).toBeLessThan(60);
});

test("chance moves a pause by a fifth at most, so that many do not come back at once", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), chance, (tries, by) => {
      const middle = retryDelayMs(tries, 0.5);
      expect(Math.abs(retryDelayMs(tries, by) - middle)).toBeLessThanOrEqual(middle * 0.2 + 1);
    }),
  );
});

test("a lane rests for a second at first and for five minutes at most", () => {
  expect([1, 2, 3, 9, 10, 60].map((failures) => laneRestMs(failures, 0.5))).toEqual([
    1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), chance, (failures, by) => laneRestMs(failures, by) <= 360_000),
  );
});

test("looking up begins after five seconds and waits a quarter of the age up to a quarter of an hour", () => {
  const usual = { searchLagMs: 60_000 };
  expect([0, 20_000, 40_000, 80_000, 7_200_000].map((ageMs) => lookUpDelayMs(ageMs, usual))).toEqual([
    5_000, 5_000, 10_000, 20_000, 900_000,
  ]);
  expect(lookUpDelayMs(0, { searchLagMs: 0 })).toBe(100);
});
