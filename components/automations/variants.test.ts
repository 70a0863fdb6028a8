import fc from "fast-check";
import { expect, test } from "vitest";
import type { DraftVariant } from "./draft";
import { areEqual, equalised, shareWords, withVariant } from "./variants";

const of = (...weights: unknown[]): DraftVariant[] =>
  weights.map((weight, index) => ({ key: index, id: "abcdefghij"[index] ?? "", weight, steps: [] }));

test("shares are told in percent of all weights", () => {
  expect(shareWords(of(50, 50))).toEqual(["50 %", "50 %"]);
  expect(shareWords(of(1, 1, 1))).toEqual(["33.3 %", "33.3 %", "33.3 %"]);
  expect(shareWords(of(1, 999, 1000))).toEqual(["<0.1 %", "50 %", "50 %"]);
});

test("a weight that is no number yet has no share", () => {
  expect(shareWords(of("", 50))).toEqual(["0 %", "100 %"]);
  expect(shareWords(of("", "x"))).toEqual(["–", "–"]);
});

test("made equal, all weights are the same whole number that the schema takes, whatever they were", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: -5, max: 5_000 }), fc.string()), { minLength: 2 }), (weights) => {
      const next = equalised(of(...weights));
      expect(areEqual(next)).toBe(true);
      expect(
        next.every(({ weight }) => Number.isInteger(weight) && Number(weight) >= 1 && Number(weight) <= 1_000),
      ).toBe(true);
    }),
  );
  expect(equalised(of(90, 10)).map(({ weight }) => weight)).toEqual([50, 50]);
});

test("one more variant has the next free letter and as much weight as the others on average", () => {
  const next = withVariant(of(60, 20), 9);
  expect(next.at(-1)).toEqual({ key: 9, id: "c", weight: 40, steps: [] });
  expect(
    withVariant(
      [...of(1)].map((variant) => ({ ...variant, id: "b" })),
      9,
    ).at(-1)?.id,
  ).toBe("a");
});
