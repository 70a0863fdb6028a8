import { expect, test } from "vitest";
import { mailbox } from "./write";

test.each([
  ["Ada\r\nBcc: thief@example.com", '"Ada Bcc: thief@example.com" <hello@example.com>'],
  ["Ada\u2028\u0000Lovelace", '"Ada Lovelace" <hello@example.com>'],
  ['Ada "Countess" <x@example.com>, \\', '"Ada \\"Countess\\" <x@example.com>, \\\\" <hello@example.com>'],
  ["\r\n", "hello@example.com"],
  [null, "hello@example.com"],
])("whatever a sender calls itself (%j), its header is one line and names one address", (name, written) =>
  expect(mailbox(name, "hello@example.com")).toBe(written),
);
