import { expect, test } from "vitest";
import { fateOf } from "./moving";
import { automationDefinition } from "./schema";

const define = (...steps: object[]) =>
  automationDefinition.parse({ trigger: { type: "event", event: "signed_up" }, steps });
const exit = (id: string) => ({ id, type: "exit" });
const delay = (id: string) => ({ id, type: "delay", for: "P1D" });
const nested = define({ id: "wait", type: "wait_for", event: "a", timeout: "PT1H", then: [delay("in")] });

test.each([
  ["before the first step", null, define(), define(), "same"],
  ["at a step that is still there", "a", define(delay("a")), define(exit("b"), delay("a")), "same"],
  ["at a step that lies elsewhere now", "in", define(delay("in")), nested, "same"],
  ["at a step that is another kind now", "a", define(delay("a")), define(exit("a")), "changed"],
  ["at a step that is gone", "a", define(delay("a")), define(delay("b")), "gone"],
  ["in a version that cannot be read, at a step that is there", "a", null, define(delay("a")), "changed"],
  ["in a version that cannot be read, at a step that is gone", "b", null, define(delay("a")), "gone"],
] as const)("a run %s", (_, stepId, from, to, fate) => {
  expect(fateOf(stepId, from, to)).toBe(fate);
});
