import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Cursor,
  horizonMs,
  idleMsMax,
  isAskedFor,
  type LaneState,
  listsAreDue,
  lookWindows,
  restMs,
  webhooksSince,
} from "./catch-up-schedule";

const minute = 60_000;
const now = new Date("2026-11-22T12:00:00Z");
const ago = (minutes: number) => new Date(now.getTime() - minutes * minute);
const lane = (over: Partial<LaneState> = {}): LaneState => ({
  cursors: new Map(),
  webhookAt: ago(0),
  asked: false,
  listedAt: null,
  ...over,
});
/** The looks whose window a send of this age lies in. */
const looksAt = (minutes: number, state = lane(), at = now) =>
  lookWindows(state, at)
    .filter(({ after, until }) => ago(minutes) > after.at && ago(minutes) <= until)
    .map(({ look }) => look.key);

test.each([
  [9, []],
  [10, ["minutes"]],
  [59, ["minutes"]],
  [60, ["hour"]],
  [6 * 60, ["hours"]],
  [24 * 60, ["day"]],
  [3 * 24 * 60, ["days"]],
  [7 * 24 * 60, ["week"]],
  [8 * 24 * 60, []],
])("a send of %i minutes ago is looked at by %j", (minutes, keys) => {
  expect(looksAt(minutes)).toEqual(keys);
});

test("where no webhook was ever seen the first look is after a minute; when a person asks, at once", () => {
  expect(looksAt(1)).toEqual([]);
  expect(looksAt(1, lane({ webhookAt: null }))).toEqual(["minute"]);
  expect(looksAt(0, lane({ webhookAt: null }))).toEqual([]);
  expect(looksAt(0, lane({ asked: true }))).toEqual(["minute"]);
});

test("after any pause each send has exactly one look for its age, and none is looked at twice by the same one", () => {
  const pauses = fc.array(fc.integer({ min: 1, max: 3 * 24 * 60 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(pauses, fc.integer({ min: 0, max: 120 }), (minutes, sentMinute) => {
      const sentAt = new Date(now.getTime() + sentMinute * minute);
      const cursors = new Map<string, Cursor>();
      const seen: string[] = [];
      let at = now.getTime();
      for (const pause of minutes) {
        at += pause * minute;
        const before = seen.length;
        for (const { look, after, until } of lookWindows(lane({ cursors }), new Date(at))) {
          if (sentAt > after.at && sentAt <= until) seen.push(look.key);
          if (until > after.at) cursors.set(look.key, { at: until, id: "f" });
        }
        expect(seen.length - before).toBeLessThanOrEqual(1);
      }
      expect(new Set(seen).size).toBe(seen.length);
      const ageMs = at - sentAt.getTime();
      if (ageMs >= 10 * minute && ageMs < horizonMs) expect(seen.length).toBeGreaterThan(0);
    }),
  );
});

describe("who is asked for", () => {
  const [look, late] = [
    { key: "hour", afterMs: 1, delivered: false },
    { key: "week", afterMs: 1, delivered: true },
  ];
  const send = (status: string, over = {}) => ({ status, messageId: "m", sentAt: ago(120), ...over });
  test.each([
    ["a send without news, though webhooks come", send("sent"), look, ago(0), true],
    ["one that the provider never named", send("sent", { messageId: null }), look, null, false],
    ["one that was delivered, early", send("delivered"), look, null, false],
    ["one that was delivered, late, and no webhook has come since", send("delivered"), late, ago(200), true],
    ["one that was delivered, late, and webhooks come", send("delivered"), late, ago(60), false],
    ["one that bounced, early", send("bounced"), look, null, false],
    ["one that bounced, late", send("bounced"), late, null, true],
    ["one that failed", send("failed"), late, null, false],
  ])("%s", (_name, one, at, webhookAt, asked) => {
    expect(isAskedFor(one, at, webhookAt)).toBe(asked);
  });
});

test("while webhooks come it stays nearly idle: lists once an hour, a look at the lane every ten minutes", () => {
  const [recently, longAgo] = [lane({ listedAt: ago(30) }), lane({ listedAt: ago(60) })];
  expect([listsAreDue(recently, true, now), listsAreDue(longAgo, true, now)]).toEqual([false, true]);
  expect([listsAreDue(recently, false, now), listsAreDue(lane({ listedAt: ago(9) }), false, now)]).toEqual([
    true,
    false,
  ]);
  expect([idleMsMax(ago(5)), idleMsMax(null)]).toEqual([10 * minute, minute]);
  expect([webhooksSince(ago(5), ago(6)), webhooksSince(ago(5), ago(7)), webhooksSince(ago(5), null)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a provider that refuses is asked less and less often, at most hourly, and never before it allows", () => {
  expect([1, 2, 3, 20].map((failures) => restMs(failures, null, 1))).toEqual([30_000, 60_000, 120_000, 3_600_000]);
  expect(restMs(1, 90_000, 0)).toBe(90_000);
  expect(restMs(1, 0, 0)).toBeGreaterThan(20_000);
});
