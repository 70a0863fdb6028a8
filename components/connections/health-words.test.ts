import { expect, test } from "vitest";
import { bucketWords, errorWords, msWords, percentWords, shareOf } from "./health-words";

test("figures are said as people read them, and nothing is said of nothing", () => {
  expect([percentWords(null), percentWords(1), percentWords(0.9999), percentWords(0.0012)]).toEqual([
    "–",
    "100 %",
    "99.9 %",
    "0.1 %",
  ]);
  expect([msWords(null), msWords(340), msWords(2_140)]).toEqual(["–", "340 ms", "2.1 s"]);
  expect([shareOf(1, 0), shareOf(1, 4)]).toEqual([null, 0.25]);
});

test("hours and days are UTC, wherever the server stands", () => {
  expect(bucketWords("2026-11-22T14:00:00.000Z", "hour")).toBe("Nov 22, 14:00");
  expect(bucketWords("2026-11-22T00:00:00.000Z", "day")).toBe("Nov 22");
});

test("an error has words and the provider's code; one that a newer release counts keeps its own", () => {
  expect(errorWords({ outcome: "inactive", code: 406 })).toBe("Address inactive at the provider (406)");
  expect(errorWords({ outcome: "unknown", code: null })).toBe("No answer");
  expect(errorWords({ outcome: "later_word", code: 1 })).toBe("later_word (1)");
});
