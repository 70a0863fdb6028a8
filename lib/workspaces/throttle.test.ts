import { expect, test } from "vitest";
import { waitSentence } from "./throttle";

test.each([
  [1, "a minute"],
  [60, "a minute"],
  [61, "2 minutes"],
  [900, "15 minutes"],
])("with %i seconds left one is told to wait %s", (seconds, words) =>
  expect(waitSentence(seconds)).toBe(`Too many failed attempts. Try again in ${words}.`),
);
