import { describe, expect, test } from "vitest";
import { changeWorkspaceInput, createKeyInput, emailAddress, inviteInput, newPassword, signUpInput } from "./schema";

test.each([" Ada@Example.COM ", "ada@example.com"])("%j is the address ada@example.com", (text) =>
  expect(emailAddress.parse(text)).toBe("ada@example.com"),
);

test.each([
  "",
  "ada",
  "a@b",
  "ada@example.com, b@example.com",
  "Ada <ada@example.com>",
  `${"a".repeat(250)}@example.com`,
])("%j is not one bare address", (text) => expect(emailAddress.safeParse(text).success).toBe(false));

test.each([
  [9, false],
  [10, true],
  [200, true],
  [201, false],
])("a password of %i characters: %s", (length, good) =>
  expect(newPassword.safeParse("x".repeat(length)).success).toBe(good),
);

test.each([
  ["Europe/Berlin", true],
  ["UTC", true],
  [null, true],
  ["America/Argentina/Buenos_Aires", true],
  ["Berlin", false],
  ["+02:00", false],
  ["", false],
])("time zone %j: %s", (timezone, good) => expect(changeWorkspaceInput.safeParse({ timezone }).success).toBe(good));

describe("names", () => {
  test.each(["", "  ", "a\u0000b", "a\nb", "x".repeat(81)])("%j names nothing", (name) =>
    expect(changeWorkspaceInput.safeParse({ name }).success).toBe(false),
  );
  test("a person may go without", () => {
    const who = { email: "ada@example.com", password: "0123456789" };
    expect(signUpInput.parse({ ...who, name: "  " }).name).toBeNull();
    expect(signUpInput.parse(who).name).toBeNull();
  });
});

test("a publishable key takes no scopes", () => {
  expect(createKeyInput.safeParse({ kind: "publishable", name: "x", scopes: ["sends:read"] }).success).toBe(false);
  expect(createKeyInput.parse({ kind: "secret", name: "x" }).scopes).toEqual([]);
});

test("an invitation without an address is for whoever holds the link", () => {
  expect(inviteInput.parse({ role: "viewer", email: "" }).email).toBeNull();
  expect(inviteInput.parse({ role: "viewer" }).email).toBeNull();
  expect(inviteInput.parse({ role: "viewer", email: "Ada@Example.com" }).email).toBe("ada@example.com");
  expect(inviteInput.safeParse({ role: "boss" }).success).toBe(false);
});
