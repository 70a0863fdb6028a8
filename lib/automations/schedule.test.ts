import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { delayUntil, weekdays } from "./schema";

type Until = NonNullable<Parameters<typeof delayUntil>[0]["until"]>;
const at = (time: string, days: Until["weekdays"] = null, timezone = "profile"): Until => ({
  time,
  weekdays: days,
  timezone,
});
const ends = (
  from: string,
  wait: string | null,
  until: Until | null,
  zone: unknown = "Europe/Berlin",
  workspaceTimezone: string | null = null,
) => delayUntil({ for: wait, until }, { from: new Date(from), profileTimezone: zone, workspaceTimezone }).toISOString();

test("without a time of day, a delay is its length, a day being 24 hours even when the clock changes", () => {
  expect(ends("2026-03-28T12:00:00Z", "P1D", null)).toBe("2026-03-29T12:00:00.000Z");
});

describe("until is the first matching local time at or after the wait", () => {
  test.each<[string, string, string | null, Until, string]>([
    ["later the same day", "2026-11-21T06:00:00Z", null, at("09:00"), "2026-11-21T08:00:00.000Z"],
    ["this very moment", "2026-11-21T08:00:00Z", null, at("09:00"), "2026-11-21T08:00:00.000Z"],
    ["the next day when it has just passed", "2026-11-21T08:00:00.001Z", null, at("09:00"), "2026-11-22T08:00:00.000Z"],
    ["after the wait", "2026-11-21T06:00:00Z", "P1D", at("09:00"), "2026-11-22T08:00:00.000Z"],
    [
      "on the next weekday named",
      "2026-11-21T06:00:00Z",
      null,
      at("09:00", ["mon", "tue"]),
      "2026-11-23T08:00:00.000Z",
    ],
    [
      "a week later when today's has passed",
      "2026-11-21T20:00:00Z",
      null,
      at("09:00", ["sat"]),
      "2026-11-28T08:00:00.000Z",
    ],
    ["in summer time after the clock changed", "2026-03-28T20:00:00Z", null, at("09:00"), "2026-03-29T07:00:00.000Z"],
    [
      "by the local date, not the date in UTC",
      "2026-11-21T23:30:00Z",
      null,
      at("01:00", ["sun"]),
      "2026-11-22T00:00:00.000Z",
    ],
  ])("%s", (_, from, wait, until, expected) => expect(ends(from, wait, until)).toBe(expected));
});

describe("when the clock changes", () => {
  test("a local time that is skipped becomes the next one that exists", () => {
    // Berlin goes from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC.
    expect(ends("2026-03-28T20:00:00Z", null, at("02:30"))).toBe("2026-03-29T01:00:00.000Z");
    expect(ends("2026-03-29T01:00:00.001Z", null, at("02:30"))).toBe("2026-03-30T00:30:00.000Z");
    // New York, one hour at 02:00; Lord Howe, half an hour at 02:00.
    expect(ends("2026-03-07T20:00:00Z", null, at("02:15"), "America/New_York")).toBe("2026-03-08T07:00:00.000Z");
    expect(ends("2026-10-03T10:00:00Z", null, at("02:10"), "Australia/Lord_Howe")).toBe("2026-10-03T15:30:00.000Z");
  });

  test("midnight skipped becomes one o'clock of the same day", () => {
    expect(ends("2026-04-23T12:00:00Z", null, at("00:00"), "Africa/Cairo")).toBe("2026-04-23T22:00:00.000Z");
  });

  test("of a time that happens twice, the first one that is not too early counts", () => {
    // Berlin goes from 03:00 back to 02:00 on 2026-10-25, at 01:00 UTC: 02:30 is at 00:30 and 01:30 UTC.
    expect(ends("2026-10-24T20:00:00Z", null, at("02:30"))).toBe("2026-10-25T00:30:00.000Z");
    expect(ends("2026-10-25T00:45:00Z", null, at("02:30"))).toBe("2026-10-25T01:30:00.000Z");
  });

  test("a day that a zone left out altogether is passed over", () => {
    // Samoa had no 2011-12-30, a Friday.
    expect(ends("2011-12-29T20:00:00Z", null, at("09:00", ["fri"]), "Pacific/Apia")).toBe("2012-01-05T19:00:00.000Z");
  });
});

test("the zone is the profile's, else the workspace's, else UTC, and what is no zone falls through", () => {
  const from = "2026-11-21T00:00:00Z";
  expect(ends(from, null, at("09:00"), "Asia/Tokyo", "Europe/Berlin")).toBe("2026-11-21T00:00:00.000Z");
  for (const zone of [undefined, null, 5, "", "Mars/Phobos", "+03:00", "local", "system", {}])
    expect(ends(from, null, at("09:00"), zone, "Europe/Berlin")).toBe("2026-11-21T08:00:00.000Z");
  expect(ends(from, null, at("09:00"), null, "nonsense")).toBe("2026-11-21T09:00:00.000Z");
  expect(ends(from, null, at("09:00", null, "America/New_York"), "Asia/Tokyo", "Europe/Berlin")).toBe(
    "2026-11-21T14:00:00.000Z",
  );
});

test("in any zone, at any moment: never early, within eight days, on a day that was named, and at the time unless the clock skipped it", () => {
  const zones = fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Chatham",
    "America/Santiago",
  );
  const moments = fc.date({
    min: new Date("2024-01-01T00:00:00Z"),
    max: new Date("2030-01-01T00:00:00Z"),
    noInvalidDate: true,
  });
  const times = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
  const days = fc.subarray([...weekdays], { minLength: 1 });
  fc.assert(
    fc.property(zones, moments, times, days, fc.constantFrom(null, "PT4H", "P1D"), (zone, from, time, named, wait) => {
      const earliestMs = from.getTime() + (wait === null ? 0 : wait === "P1D" ? 86_400_000 : 14_400_000);
      const result = delayUntil(
        { for: wait, until: at(time, named) },
        { from, profileTimezone: zone, workspaceTimezone: null },
      );
      const local = DateTime.fromJSDate(result, { zone });
      expect(result.getTime()).toBeGreaterThanOrEqual(earliestMs);
      expect(result.getTime() - earliestMs).toBeLessThan(8 * 86_400_000);
      expect(named).toContain(weekdays[local.weekday - 1]);
      // Skipped times are the only ones that may differ, and then the minute before belongs to another offset.
      if (local.toFormat("HH:mm") !== time) expect(local.minus({ minutes: 1 }).offset).not.toBe(local.offset);
    }),
    { numRuns: 300 },
  );
});
