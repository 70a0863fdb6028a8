import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundedCache } from "./cache";

test("what was used last is kept, what was unused for longest goes first", () => {
  const cache = new BoundedCache<number>({ entriesMax: 2, weightMax: 100 });
  cache.set("a", 1, 1);
  cache.set("b", 2, 1);
  cache.get("a");
  cache.set("c", 3, 1);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
});

test("something too heavy for the whole cache drives nothing out", () => {
  const cache = new BoundedCache<number>({ entriesMax: 2, weightMax: 10 });
  cache.set("a", 1, 5);
  cache.set("huge", 2, 11);
  expect([cache.get("a"), cache.get("huge")]).toEqual([1, undefined]);
});

test("neither number nor weight ever exceeds its bound, and nothing wrong is ever given back", () => {
  const actions = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.nat(12)), { maxLength: 60 });
  fc.assert(
    fc.property(actions, (sets) => {
      const cache = new BoundedCache<number>({ entriesMax: 3, weightMax: 10 });
      const latest = new Map<string, number>();
      for (const [key, weight] of sets) {
        cache.set(key, weight, weight);
        latest.set(key, weight);
        const kept = [...latest.keys()].flatMap((name) => cache.get(name) ?? []);
        expect(cache.size).toBeLessThanOrEqual(3);
        expect(kept.reduce((sum, value) => sum + value, 0)).toBeLessThanOrEqual(10);
        for (const name of latest.keys()) expect([undefined, latest.get(name)]).toContain(cache.get(name));
      }
    }),
  );
});
