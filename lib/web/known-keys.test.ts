import { expect, test } from "vitest";
import * as z from "zod";
import { createAutomationInput } from "../automations/schema";
import { knownKeys, unknownKeySentence } from "./known-keys";

test("knows the keys of an object at any depth, whatever is wrapped around it", () => {
  const inner = z.strictObject({ from_email: z.string() });
  const schema = z
    .strictObject({ list: z.array(inner.nullable().default(null)).optional(), free: z.record(z.string(), z.unknown()) })
    .superRefine(() => undefined);
  expect(knownKeys(schema)).toEqual(["list", "free"]);
  expect(knownKeys(schema, ["list", 3])).toEqual(["from_email"]);
  expect(knownKeys(schema, ["free"])).toBeNull();
  expect(knownKeys(z.union([inner, z.strictObject({ other: z.string() })]))).toEqual(["from_email", "other"]);
  expect(knownKeys(z.looseObject({ a: z.string() }))).toBeNull();
});

test("knows what a step of an automation takes", () => {
  expect(knownKeys(createAutomationInput, ["steps", 0])).toEqual(
    expect.arrayContaining(["subject", "until", "branches"]),
  );
});

test.each([
  ["serverToken", "Did you mean server_token?"],
  ["server_tokn", "Did you mean server_token?"],
  ["From_Email", "Did you mean from_email?"],
  ["colour", "The keys are server_token, from_email."],
])("of %s it says: %s", (given, words) => {
  expect(unknownKeySentence(given, ["server_token", "from_email"])).toContain(words);
});
