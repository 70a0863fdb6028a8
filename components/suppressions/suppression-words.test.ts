import { describe, expect, test } from "vitest";
import { liftingWords, listWords, scopeWords, suppressionsTitle } from "./suppression-words";

const names = new Map([["c1", "Production"]]);

const on = (connection_id: string, stream: string) => ({ connection_id, stream });

describe("where a suppression holds", () => {
  test.each([
    ["workspace", null, "Whole workspace"],
    ["workspace", on("c1", "broadcast"), "Whole workspace (Production, stream broadcast)"],
    ["stream", on("c1", "broadcast"), "Production, stream broadcast"],
    ["stream", on("c1", "*"), "Production, every stream"],
    ["stream", on("c2", "news"), "Deleted connection, stream news"],
  ] as const)("%s %o", (scope, listed_on, words) => {
    expect(scopeWords({ scope, listed_on }, names)).toBe(words);
  });
});

test("how two lists compare is told with what was missing on either side, and not before they were read", () => {
  const state = { synced_at: "2026-11-22T00:00:00Z", here: 1200, there: 3, missing_here: 2, missing_there: 0 };
  expect(listWords(state)).toBe("1,200 here, 3 at Postmark. The last reading found 2 only there.");
  expect(listWords({ ...state, missing_here: 0 })).toMatch(/Nothing was missing/);
  expect(listWords({ ...state, synced_at: null })).toBe("Not read yet.");
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
