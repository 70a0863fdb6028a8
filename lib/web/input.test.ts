import { expect, test } from "vitest";
import { createConnectionInput } from "../connections/schema";
import { AppError } from "../errors";
import { readInput } from "./input";

const refusalOf = (body: unknown): AppError => {
  try {
    readInput(createConnectionInput, { query: {}, body, params: {} });
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
  }
  throw new Error("It was not refused.");
};

test("a key of another kind is told so, not that it does not exist", () => {
  const refused = refusalOf({ provider: "postmark", display_name: "Office", server_token: "token", smtp_port: 587 });
  expect(refused.message).toMatch(/“smtp_port” belongs to another kind/);
  expect(Object.keys(refused.extras.fields ?? {})).toEqual(["smtp_port"]);
});

test("a kind that does not exist is refused with those that do", () => {
  expect(refusalOf({ provider: "ses", display_name: "Office" }).message).toBe(
    "provider: The provider must be “postmark” or “smtp”.",
  );
});

test("a misspelt key is named alone while everything else that was given is right", () => {
  const refused = refusalOf({ provider: "postmark", display_nam: "Office", server_token: "token" });
  expect(refused.message).toBe("There is no key “display_nam”. Did you mean display_name?");
});
