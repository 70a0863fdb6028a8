import { expect, test } from "vitest";
import { isWaitingView, sendQuery, sendsHref } from "./send-query";

test("an address that was typed or cut badly shows the log, not an error", () => {
  const nonsense = {
    status: "lost",
    q: ["a", "b"],
    cursor: "x",
    automation_id: "y".repeat(300),
    other: "1",
    held: "yes",
  };
  expect(sendQuery.parse(nonsense)).toEqual({});
});

test("what was asked comes back in the address, without what is empty", () => {
  const query = sendQuery.parse({ status: "bounced", q: " a b&c " });
  expect(sendsHref("/acme/sends", { ...query, automation_id: "" })).toBe("/acme/sends?status=bounced&q=a+b%26c");
  expect(sendsHref("/acme/sends", {})).toBe("/acme/sends");
});

test("unknown and held ones are views of their own", () => {
  expect(isWaitingView(sendQuery.parse({ status: "unknown" }))).toBe(true);
  expect(isWaitingView(sendQuery.parse({ held: "true", reason: "late" }))).toBe(true);
  expect(isWaitingView(sendQuery.parse({ status: "queued" }))).toBe(false);
});
