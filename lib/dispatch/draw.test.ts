import fc from "fast-check";
import { expect, test } from "vitest";
import { variantFor } from "./draw";

const split = (weights: readonly number[], id = "ab") => ({
  id,
  type: "split" as const,
  variants: weights.map((weight, index) => ({ id: `v${index}`, weight, steps: [] })),
});
/** As ids are in fact: made one after the other, alike but for their end. */
const person = (n: number) => `019a1fff-8000-7000-8000-${n.toString(16).padStart(12, "0")}`;

test("a person gets the same variant whenever they are asked about", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 10 }),
      fc.string(),
      fc.string(),
      (weights, automationId, personId) => {
        const asked = () => variantFor(split(weights), { automationId, personId }).id;
        expect(asked()).toBe(asked());
      },
    ),
  );
});

test("of many people each variant gets its share, whatever the weights, the split and the automation", () => {
  const count = 4_000;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 10 }),
      fc.uuid(),
      fc.constantFrom("ab", "split-2", "x"),
      (weights, automationId, id) => {
        const step = split(weights, id);
        const drawn = new Map(step.variants.map((variant) => [variant.id, 0]));
        for (let n = 0; n < count; n += 1) {
          const variant = variantFor(step, { automationId, personId: person(n) });
          drawn.set(variant.id, (drawn.get(variant.id) ?? 0) + 1);
        }
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const variant of step.variants) {
          const share = variant.weight / total;
          // Five standard deviations: a fair draw strays further once in two million.
          const strayMax = 5 * Math.sqrt(count * share * (1 - share)) + 1;
          expect(Math.abs((drawn.get(variant.id) ?? 0) - count * share)).toBeLessThan(strayMax);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("what a person gets in one split says nothing about what they get in another one, or in another automation", () => {
  const pairs = new Map<string, number>();
  for (let n = 0; n < 8_000; n += 1) {
    const who = { automationId: "one", personId: person(n) };
    const drawn = [
      variantFor(split([1, 1]), who).id,
      variantFor(split([1, 1], "ac"), who).id,
      variantFor(split([1, 1]), { ...who, automationId: "two" }).id,
    ].join();
    pairs.set(drawn, (pairs.get(drawn) ?? 0) + 1);
  }
  expect(pairs.size).toBe(8);
  for (const times of pairs.values()) expect(Math.abs(times - 1_000)).toBeLessThan(150);
});
