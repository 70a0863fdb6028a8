import { expect, test } from "vitest";
import { fillsPlaceholder, unsubscribeBy } from "./schema";

const streams = [
  { id: "outbound", type: "transactional", unsubscribeHandling: "none" },
  { id: "broadcast", type: "broadcast", unsubscribeHandling: "provider" },
  { id: "own", type: "broadcast", unsubscribeHandling: "custom" },
  { id: "odd", type: "transactional", unsubscribeHandling: "provider" },
] as const;
const placeholder = "{{{ pm:unsubscribe }}}";

test.each([
  ["broadcast", placeholder, "provider"],
  ["own", placeholder, "us"],
  ["outbound", placeholder, "us"],
  ["odd", placeholder, "us"],
  ["never-read", placeholder, "us"],
  ["broadcast", null, "us"],
  ["broadcast", "", "us"],
] as const)("the unsubscribes of stream %s are taken, with placeholder %s, by %s", (stream, given, by) => {
  expect(unsubscribeBy({ streams, stream }, given)).toBe(by);
});

test("a placeholder in the text is no link where nobody fills it in", () => {
  expect(streams.map(({ id }) => fillsPlaceholder({ streams, stream: id }, placeholder))).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(fillsPlaceholder({ streams, stream: "outbound" }, null)).toBe(false);
});
