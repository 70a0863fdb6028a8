import { expect, test } from "vitest";
import { slugCandidates, slugOf } from "./slug";

test.each([
  ["Acme", "acme"],
  ["  Ünïcode & Söhne GmbH ", "unicode-sohne-gmbh"],
  ["日本", "my-workspace"],
  ["Sign in", "sign-in-workspace"],
  ["API", "api-workspace"],
  ["v1", "v1-workspace"],
  ["a".repeat(60), "a".repeat(40)],
  [`${"a".repeat(39)} b`, "a".repeat(39)],
])("a workspace named %j is found under /%s", (name, slug) => expect(slugOf(name)).toBe(slug));

test("a taken slug gets a number, and at last something that nobody has", () => {
  const candidates = slugCandidates("Acme", "x7k2");
  expect(candidates.slice(0, 3)).toEqual(["acme", "acme-2", "acme-3"]);
  expect(candidates.at(-1)).toBe("acme-x7k2");
});
