import { describe, expect, test } from "vitest";
import { liftingWords, scopeWords, suppressionsTitle } from "./suppression-words";

const names = new Map([["c1", "Production"]]);

describe("where a suppression holds", () => {
  test.each([
    ["workspace", null, null, "Whole workspace"],
    ["stream", "c1", "broadcast", "Production, stream broadcast"],
    ["stream", "c1", "*", "Production, every stream"],
    ["stream", "c2", "news", "Deleted connection, stream news"],
  ] as const)("%s %s %s", (scope, connection_id, stream, words) => {
    expect(scopeWords({ scope, connection_id, stream }, names)).toBe(words);
  });
});

test("before a complaint is lifted, one is told what a second one does, and that unsubscribes go with it", () => {
  const words = liftingWords({ email: "a@example.com", scope: "workspace", reason: "spam_complaint" }, "anything");
  expect(words).toMatch(/unsubscribes included/);
  expect(words).toMatch(/second complaint/);
});

test("several suppressions for one reason are told once", () => {
  const one = { scope: "workspace", connection_id: null, stream: null, origin: "customer", created_at: "" } as const;
  const held = [
    { ...one, email: "a@example.com", reason: "manual" },
    { ...one, email: "a@example.com", reason: "manual" },
  ] as const;
  expect(suppressionsTitle(held)).toBe("Someone of this workspace added it.");
});
