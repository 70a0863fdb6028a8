import fc from "fast-check";
import { expect, test } from "vitest";
import { readDuration } from "@/lib/conditions/schema";
import { durationUnitNames, isoAmount, readAmount } from "./duration-amount";

test("every amount of every unit is written as ISO 8601 and read back the same", () => {
  fc.assert(
    fc.property(fc.nat(261), fc.constantFrom(...durationUnitNames), (count, unit) => {
      const iso = isoAmount({ amount: String(count), unit });
      expect(readAmount(iso)).toEqual({ amount: String(count), unit });
      expect(readDuration(iso)).not.toHaveProperty("problem");
    }),
  );
});

test.each(["P1DT12H", "PT1H30M", "P007D", "PD", "", "P1Y", "P1M", "soon"])("“%s” stays a text", (iso) => {
  expect(readAmount(iso)).toBeNull();
});
