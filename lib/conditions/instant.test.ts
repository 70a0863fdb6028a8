import fc from "fast-check";
import { expect, test } from "vitest";
import { instantMs } from "./instant";

test.each([
  ["2026-11-21", "2026-11-21T00:00:00.000Z"],
  ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000Z"],
  ["2026-11-21T09:30Z", "2026-11-21T09:30:00.000Z"],
  ["2026-11-21T09:30:00.123456Z", "2026-11-21T09:30:00.123Z"],
  ["2026-11-21T09:30:00+02:00", "2026-11-21T07:30:00.000Z"],
  ["2026-11-21T09:30:00-0530", "2026-11-21T15:00:00.000Z"],
  ["2026-11-21 09:30:00", "2026-11-21T09:30:00.000Z"],
  ["2028-02-29", "2028-02-29T00:00:00.000Z"],
])("%s names the moment %s, wherever the server stands", (text, iso) => expect(instantMs(text)).toBe(Date.parse(iso)));

test.each([
  "2026-02-30",
  "2026-02-29",
  "2026-13-01",
  "2026-00-10",
  "2026-1-1",
  "2026-11-21T24:00:00Z",
  "2026-11-21T10:60Z",
  "2026-11-21T10:00:60Z",
  "2026-11-21T10:00+16:00",
  "21.11.2026",
  "Nov 21 2026",
  "now",
  "",
  "1763712000",
  1_763_712_000,
  null,
  true,
  {},
  [],
])("%j names no moment", (value) => expect(instantMs(value)).toBeNull());

test("every moment survives being written as ISO 8601 and read back", () => {
  const dates = fc.date({
    min: new Date("1000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true,
  });
  fc.assert(fc.property(dates, (date) => void expect(instantMs(date.toISOString())).toBe(date.getTime())));
});
