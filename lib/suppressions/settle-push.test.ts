import { expect, test } from "vitest";
import { settlePush } from "./settle-push";

const push = { email: "a@example.com", version: 3, attempt: 1 };

test("what the provider did is done, what it refuses is over, with its words", () => {
  expect(settlePush(push, { kind: "done" }, "")).toMatchObject({ status: "done", version: 3, retryMs: null });
  expect(settlePush(push, { kind: "refused", message: "No authority." }, "")).toMatchObject({
    status: "refused",
    message: "No authority.",
    retryMs: null,
  });
});

test("what nobody answered is tried again, less and less often, and given up in the end", () => {
  const waits = Array.from({ length: 11 }, (_, at) => settlePush({ ...push, attempt: at + 1 }, null, "no answer"));
  expect(waits.every(({ status }) => status === "pending")).toBe(true);
  const ms = waits.map(({ retryMs }) => retryMs ?? 0);
  expect([ms[0], ms[1], ms.at(-1)]).toEqual([15_000, 30_000, 3_600_000]);
  expect(settlePush({ ...push, attempt: 12 }, null, "no answer")).toMatchObject({
    status: "failed",
    message: "no answer",
    retryMs: null,
  });
});
