import { expect, test } from "vitest";
import { automationStatuses, change, refusalOf } from "./lifecycle";

const actions = ["edit", "publish", "pause", "resume", "archive", "delete"] as const;
const refused = "refused";

test.each([
  ["draft", ["draft", "live", refused, refused, "archived", "deleted"]],
  ["live", ["live", "live", "paused", refused, "archived", refused]],
  ["paused", ["paused", "live", "paused", "live", "archived", refused]],
  ["archived", [refused, refused, refused, refused, refused, "deleted"]],
] as const)("what can be done with a %s automation, and what it becomes", (from, expected) => {
  const became = actions.map((action) => {
    const next = change(from, action);
    return "to" in next ? next.to : refused;
  });
  expect(became).toEqual(expected);
});

test("every refusal is a sentence for people, and what is possible is not refused", () => {
  for (const from of automationStatuses)
    for (const action of actions) {
      const refusal = refusalOf(from, action);
      if ("to" in change(from, action)) expect(refusal).toBeNull();
      else expect(refusal).toMatch(/^[A-Z].{15,}\.$/);
    }
});
