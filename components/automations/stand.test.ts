import { expect, test } from "vitest";
import { automationDefinition } from "@/lib/automations/schema";
import { standAt } from "./stand";

const exit = (id: string) => ({ id, type: "exit" });
const wait = { id: "paid", type: "wait_for", event: "order_paid", timeout: "P2D", then: [exit("thanks")], else: [] };
const definition = automationDefinition.parse({
  trigger: { type: "event", event: "signed_up" },
  steps: [
    { id: "a-day", type: "delay", for: "P1D" },
    {
      id: "ab",
      type: "split",
      variants: [
        { id: "short", weight: 1, steps: [] },
        {
          id: "long",
          weight: 1,
          steps: [
            {
              id: "plan",
              type: "branch",
              branches: [{ when: { field: "profile.plan", op: "exists" }, steps: [] }],
              else: [wait],
            },
          ],
        },
      ],
    },
    { id: "hello", type: "send_email", subject: "Hello", text: "Hello" },
  ],
});

test.each([
  ["a-day", { doing: "Waits", ends: true, variants: [] }],
  ["ab", { doing: "At a split", ends: false, variants: [] }],
  ["plan", { doing: "At a branch", ends: false, variants: ["variant long of ab"] }],
  ["paid", { doing: "Waits for order_paid", ends: true, variants: ["variant long of ab"] }],
  ["thanks", { doing: "Leaves", ends: false, variants: ["variant long of ab"] }],
  ["hello", { doing: "Gets “Hello”", ends: false, variants: [] }],
])("who stands at “%s” is told what happens there, and in which variant", (id, stand) => {
  expect(standAt(definition, id)).toEqual(stand);
});

test("a step that the version does not have is nowhere", () => {
  expect(standAt(definition, "other")).toBeNull();
});
