import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddresses } from "./addresses";
import { stringify } from "./answer";
import { seededChance } from "./chance";
import { createClock } from "./clock";
import { matchesGlob } from "./fault-rule";
import { judge } from "./retry-ladder";
import { easternDay, easternStamp, parseEastern, utcStamp } from "./time";

test("times are written in Eastern time with the offset of their season", () => {
  expect(easternStamp(Date.UTC(2026, 8, 14, 14, 4, 31, 517))).toBe("2026-09-14T10:04:31.5170000-04:00");
  expect(easternStamp(Date.UTC(2026, 11, 14, 3, 0, 0))).toBe("2026-12-13T22:00:00.0000000-05:00");
  expect(easternDay(Date.UTC(2026, 11, 14, 3))).toBe("2026-12-13");
  expect(utcStamp(0)).toBe("1970-01-01T00:00:00.0000000Z");
});

test("query dates are Eastern, a bare day ends with its last moment, and nonsense is none", () => {
  expect(parseEastern("2026-09-14", "from")).toBe(Date.UTC(2026, 8, 14, 4));
  expect(parseEastern("2026-09-14", "to")).toBe(Date.UTC(2026, 8, 15, 4) - 1);
  expect(parseEastern("2026-12-14T10:00:00", "to")).toBe(Date.UTC(2026, 11, 14, 15));
  expect(parseEastern("2026-12-14T10:00:00Z", "to")).toBe(Date.UTC(2026, 11, 14, 10));
  expect(parseEastern("tomorrow", "from")).toBeUndefined();
});

test("an Eastern stamp names the instant it was made from", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (at) => Date.parse(easternStamp(at)) === at));
});

test.each([
  ["a@b.co", [{ email: "a@b.co", name: null }]],
  [
    '"Lee, Ana" <a@b.co>, c@d.co',
    [
      { email: "a@b.co", name: "Lee, Ana" },
      { email: "c@d.co", name: null },
    ],
  ],
  ['"Say \\"hi\\"" <a+tag@b.co>,', [{ email: "a+tag@b.co", name: 'Say "hi"' }]],
  ["", []],
])("the list %s is read", (text, wanted) => {
  expect(parseAddresses(text)).toEqual(wanted);
});

test.each(["a", "a@b", "a@@b.co", "a b@c.co", "ä@b.co", "a@b..co", "Ana <a@b.co> x"])("%s is no address", (text) => {
  expect(parseAddresses(text)).toHaveProperty("bad");
});

test("the same seed gives the same chance, and a saved state goes on where it was", () => {
  const [one, two] = [seededChance("x"), seededChance("x")];
  expect(one.guid()).toBe(two.guid());
  expect(seededChance(one.state()).guid()).toBe(one.guid());
  const guids = new Set(Array.from({ length: 10_000 }, () => one.guid()));
  expect(guids.size).toBe(10_000);
});

test("bigints leave as numbers of full length, and texts that look like them stay texts", () => {
  expect(stringify({ ID: 4323372036854775807n, text: '"bigint:5"' })).toBe(
    '{"ID":4323372036854775807,"text":"\\"bigint:5\\""}',
  );
});

test("globs know the star alone", () => {
  expect(matchesGlob("*@lost.example", "A@LOST.example")).toBe(true);
  expect(matchesGlob("*@lost.example", "a@lostXexample")).toBe(false);
  expect(matchesGlob("/email", "/email/batch")).toBe(false);
});

test.each([
  [200, "delivered", "delivered"],
  [204, "delivered", "retry"],
  [301, "retry", "retry"],
  [401, "stop", "retry"],
  [403, "stop", "stop"],
  [408, "retry", "retry"],
  [429, "retry", "retry"],
  [503, "retry", "retry"],
  [null, "retry", "retry"],
])("an answer of %s is judged by the regime", (status, recent, legacy) => {
  expect([judge("2026-nine", status), judge("legacy", status)]).toEqual([recent, legacy]);
});

test("an advanced clock runs what falls due in order, each to its end, and what that plans in turn", async () => {
  const clock = createClock((cause) => {
    throw cause;
  });
  const ran: [string, number][] = [];
  const start = clock.nowMs();
  const note = (name: string) => ran.push([name, Math.round((clock.nowMs() - start) / 1000)]);
  clock.after(3000, () => void note("third"));
  clock.after(1000, async () => {
    note("first");
    await Promise.resolve();
    clock.after(1000, () => void note("second"));
  });
  clock.after(99_000, () => void note("never"));
  await clock.advance(5000);
  expect(ran).toEqual([
    ["first", 1],
    ["second", 2],
    ["third", 3],
  ]);
  expect(clock.nowMs() - start).toBeGreaterThanOrEqual(5000);
  clock.stop();
  await clock.idle();
});

test("jobs due together run in the order they were planned, however many", async () => {
  const clock = createClock((cause) => {
    throw cause;
  });
  const ran: number[] = [];
  const delays = Array.from({ length: 500 }, (_, i) => (i * 7919) % 50);
  delays.forEach((delay, i) => void clock.after(delay, () => void ran.push(i)));
  await clock.idle();
  const wanted = delays.map((delay, i) => ({ delay, i })).sort((a, b) => a.delay - b.delay || a.i - b.i);
  // Planned within a few milliseconds of each other, so neighbours in time may swap; none may be lost.
  expect([...ran].sort((a, b) => a - b)).toEqual(delays.map((_, i) => i));
  expect(ran.slice(0, 1)).toEqual([wanted[0]?.i]);
});
