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

test("a body of a kind that comes later is told so, not only that its keys are unknown", () => {
  const refused = refusalOf({
    provider: "smtp",
    display_name: "Office",
    smtp_host: "mail.example.com",
    smtp_port: 587,
  });
  expect(refused.message).toMatch(/smtp_host.*provider: SMTP comes with a later release/);
  expect(Object.keys(refused.extras.fields ?? {})).toEqual(["smtp_host", "smtp_port", "provider"]);
});

test("a misspelt key is named alone while everything else that was given is right", () => {
  const refused = refusalOf({ provider: "postmark", display_nam: "Office", server_token: "token" });
  expect(refused.message).toBe("There is no key “display_nam”. Did you mean display_name?");
});
