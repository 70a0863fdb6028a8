import { describe, expect, test } from "vitest";
import { lookOf, partsOf, shownValues } from "./why-words";

describe("a sentence of an answer", () => {
  test("is taken apart at its moments", () => {
    expect(partsOf("Unknown since 2026-11-21 09:21:07 UTC. Looked up again at 2026-11-21 09:33:00 UTC.")).toEqual([
      { text: "Unknown since " },
      { at: "2026-11-21T09:21:07Z" },
      { text: ". Looked up again at " },
      { at: "2026-11-21T09:33:00Z" },
      { text: "." },
    ]);
  });

  test("without a moment stays whole, whatever it quotes", () => {
    for (const quoted of ["2026-11-21", "2026-31-12 10:00:00 UTC"]) {
      const sentence = `It starts on “${quoted}”.`;
      expect(partsOf(sentence)).toEqual([{ text: sentence }]);
    }
  });
});

describe("what was looked at", () => {
  test("is shown field by field, and a missing value is told from an empty one", () => {
    const details = {
      conditions: 'plan is "pro"',
      version: 2,
      resumed_at: null,
      values: { "profile.plan": "", "profile.age": null, "profile.seats": 5, "profile.tags": ["a"] },
    };
    expect(shownValues(details)).toEqual([
      { name: "Asked", value: 'plan is "pro"', told: true },
      { name: "Version", value: "2", told: true },
      { name: "profile.plan", value: "“”", told: false },
      { name: "profile.age", value: "not set", told: false },
      { name: "profile.seats", value: "5", told: false },
      { name: "profile.tags", value: '["a"]', told: false },
    ]);
  });

  test("is shown with moments as sentences have them, but for what people wrote", () => {
    const at = "2026-11-21T09:33:00.000Z";
    expect(shownValues({ until: at, values: { "profile.trial_ends_at": at } })).toEqual([
      { name: "Until", value: "2026-11-21 09:33:00 UTC", told: true },
      { name: "profile.trial_ends_at", value: `“${at}”`, told: false },
    ]);
  });

  test("is nothing when there is nothing", () => {
    expect(shownValues({})).toEqual([]);
    expect(shownValues({ values: 7 })).toEqual([]);
  });
});

test("a kind of decision that a newer release wrote is shown by its name", () => {
  expect(lookOf("read_aloud").title).toBe("Read aloud");
  expect(lookOf("constructor").title).toBe("Constructor");
});
