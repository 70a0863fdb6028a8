import { expect, test } from "vitest";
import { shownTrait } from "./trait-words";

test.each([
  ["12", "12", "text"],
  [12, "12", "number"],
  [false, "false", "yes or no"],
  [null, "null", "empty"],
  ["", "(empty text)", "text"],
  ["2026-11-01T09:00:00Z", "2026-11-01T09:00:00Z", "time"],
  ["2026-11-41T09:00:00Z", "2026-11-41T09:00:00Z", "text"],
  [["a"], '[\n  "a"\n]', "list"],
  [{ a: 1 }, '{\n  "a": 1\n}', "object"],
])("a number never looks like a text, nor an empty value like a missing one: %j", (value, text, type) => {
  expect(shownTrait(value)).toEqual({ text, type });
});
