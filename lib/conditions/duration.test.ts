import fc from "fast-check";
import { expect, test } from "vitest";
import { describeDuration, durationMs, durationMsMax, readDuration } from "./duration";

const hour = 3_600_000;

test.each([
  ["PT4H", 4 * hour],
  ["P1D", 24 * hour],
  ["P2W", 14 * 24 * hour],
  ["P1DT12H30M5S", 36.5 * hour + 5_000],
  ["PT90M", 1.5 * hour],
  ["PT0S", 0],
])("%s lasts %d ms", (text, ms) => expect(readDuration(text)).toEqual({ ms }));

test.each(["P1M", "P1Y", "P1Y2M3D", "P2D1M"])("%s is refused because months and years have no fixed length", (text) =>
  expect(readDuration(text)).toEqual({ problem: expect.stringContaining("no fixed length") }),
);

test.each(["", "P", "PT", "P1DT", "4H", "PT4", "-P1D", "P-1D", "P1.5D", "pt4h", "P1D ", "P1DW", "PT1H1D"])(
  "%j is no duration and is refused with an example",
  (text) => expect(readDuration(text)).toEqual({ problem: expect.stringContaining("PT4H") }),
);

test("nothing lasts longer than five years", () => {
  expect(readDuration("P1830D")).toEqual({ ms: durationMsMax });
  expect(readDuration("P1830DT1S")).toEqual({ problem: expect.stringContaining("five years") });
  expect(readDuration(`P${"9".repeat(400)}D`)).toEqual({ problem: expect.stringContaining("five years") });
});

test("a duration that was never checked cannot become a wait", () => {
  expect(() => durationMs("P1M")).toThrow(RangeError);
  expect(durationMs("PT1M")).toBe(60_000);
});

test("durations are said in words", () => {
  expect(describeDuration("P1DT12H")).toBe("1 day 12 hours");
  expect(describeDuration("PT0S")).toBe("no time");
  expect(describeDuration("soon")).toBe("soon");
});

test("reading a duration never throws and never gives a number outside its bounds", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^P[0-9WDTHMSY]{0,9}$/)), (text) => {
      const reading = readDuration(text);
      if ("ms" in reading) expect(reading.ms >= 0 && reading.ms <= durationMsMax).toBe(true);
      else expect(reading.problem).toMatch(/\.$/);
    }),
  );
});
