import { expect, test } from "vitest";
import { walkWindows } from "./time-windows";

const minute = 60_000;
const day = 24 * 60 * minute;
/** As much as a provider shows of one window, and what is taken from one at once. */
const shownMax = 10_000;
const rowsMax = 2_000;

/** Times of what happened, as a list that shows at most so much of a window; passes of some calls each, as long as anything is left. */
async function walk(times: readonly number[], { toMs, callsPerPass }: { toMs: number; callsPerPass: number }) {
  const reached = new Set<number>();
  let untilMs = 0;
  let passes = 0;
  for (; untilMs < toMs && passes < 1_000; passes += 1) {
    let calls = callsPerPass;
    await walkWindows({
      fromMs: untilMs,
      toMs,
      widestMs: 8 * day,
      narrowestMs: minute,
      show: async (sinceMs, endMs, shorter) => {
        const rows = times.flatMap((at, row) => (at >= sinceMs && at <= endMs ? [row] : []));
        if (calls < 1) return "stopped";
        if (shorter && rows.length > rowsMax) {
          calls -= 1;
          return "too_many";
        }
        const pages = Math.max(1, Math.ceil(Math.min(rows.length, shownMax) / 500));
        for (const row of rows.slice(0, Math.min(calls * 500, shownMax))) reached.add(row);
        calls -= pages;
        if (calls < 0) return "stopped";
        untilMs = endMs;
        return "whole";
      },
    });
  }
  return { reached: reached.size, passes };
}

test("everything is reached, also where a day holds far more than can be shown at once, and each pass comes further", async () => {
  const spread = Array.from({ length: 25_000 }, (_, at) => (at / 25_000) * day);
  const burst = Array.from({ length: 9_000 }, (_, at) => 2 * day + (at / 9_000) * 30_000);
  const toMs = 4 * day;
  const { reached, passes } = await walk([...spread, ...burst], { toMs, callsPerPass: 60 });
  expect(reached).toBe(34_000);
  expect(passes).toBeLessThan(6);
});

test("what is little is shown in one window", async () => {
  const asked: number[] = [];
  await walkWindows({
    fromMs: 0,
    toMs: 8 * day,
    widestMs: 8 * day,
    narrowestMs: minute,
    show: async (_sinceMs, untilMs) => {
      asked.push(untilMs);
      return "whole";
    },
  });
  expect(asked).toEqual([8 * day]);
});
