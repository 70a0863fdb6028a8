import { expect, test } from "vitest";
import { actionWords, factWords } from "./audit-words";
import { curlForKey } from "./curl";

test("an action reads as words", () => expect(actionWords("member.role_changed")).toBe("Member role changed"));

test("facts read as words, and what is not a plain fact stays out", () =>
  expect(factWords({ to: "admin", from: "viewer", sealed: true, timezone: null, inner: {} })).toBe(
    "from viewer · sealed yes · to admin",
  ));

test("the trial of a publishable key is of a visitor, because it may name no user alone", () => {
  const curl = curlForKey({
    eventsUrl: "http://localhost:3000/v1/events",
    key: "gflux_pub_live_x",
    kind: "publishable",
  });
  expect(curl).toContain('"anonymous_id":"visitor_1"');
  expect(curl).not.toContain("external_id");
});
