import { expect, test } from "vitest";
import * as z from "zod";
import { AppError } from "../errors";
import { readInput } from "./input";

const schema = z.strictObject({
  name: z.string().optional(),
  kind: z.enum(["publishable", "secret"]),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  on: z.boolean().optional(),
  own: z.string({ error: "Words of its own." }).optional(),
});
const fieldsOf = (given: Record<string, unknown>) => {
  try {
    readInput(schema, { query: {}, body: { kind: "secret", ...given }, params: {} });
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.extras.fields;
  }
  return null;
};

test.each([
  [{ kind: undefined }, { kind: ["Choose one of publishable, secret."] }],
  [{ name: 5 }, { name: ["This must be text."] }],
  [{ name: null }, { name: ["This must be text."] }],
  [{ limit: "abc" }, { limit: ["This must be a number."] }],
  [{ limit: 1.5 }, { limit: ["This must be a whole number."] }],
  [{ limit: 0 }, { limit: ["Use at least 1."] }],
  [{ limit: 201 }, { limit: ["Use at most 200."] }],
  [{ on: "yes" }, { on: ["This must be true or false."] }],
  [{ own: 5 }, { own: ["Words of its own."] }],
])("a wrong value is told in words that say what to do: %j", (given, fields) => {
  expect(fieldsOf(given)).toEqual(fields);
});

test("what is missing is told to be missing", () => {
  expect(() => readInput(z.strictObject({ name: z.string() }), { query: {}, body: {}, params: {} })).toThrow(
    "name: This is required.",
  );
});
