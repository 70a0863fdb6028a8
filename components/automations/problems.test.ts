import { describe, expect, test } from "vitest";
import { blankDefinition, type Draft, toDraft } from "./draft";
import { checkDraft, findDraftStep, partsAlong, placeWords } from "./problems";

const when = { field: "profile.plan", op: "eq", value: "pro" } as const;
const exit = (id: string, key: number) => ({ key, id, type: "exit" as const });
const draft: Draft = {
  ...toDraft("Welcome", blankDefinition()),
  steps: [
    exit("first", 1),
    {
      key: 2,
      id: "plan",
      type: "branch",
      branches: [{ key: 3, when, steps: [exit("inner", 4)] }],
      else: [{ key: 5, id: "deep", type: "branch", branches: [{ key: 6, when, steps: [] }], else: [exit("last", 7)] }],
    },
  ],
};

describe("what is wrong is shown where it is", () => {
  test.each<[string, (string | number)[], string]>([
    ["name", [], "Name"],
    ["trigger.event", ["trigger"], "Event"],
    ["trigger.where.all.0.value", ["trigger"], "Only if"],
    ["audience.any.1.field", ["audience"], "Audience"],
    ["steps", [], "Steps"],
    ["steps.0.id", [1], "Step “first”: Step id"],
    ["steps.1.branches.0.when.value", [2, 3], "Step “plan”, branch 1: Condition"],
    ["steps.1.branches.0.steps.0.subject", [2, 3, 4], "Step “inner”: Subject"],
    ["steps.1.else.0.else.0.html", [2, 5, 7], "Step “last”: HTML body"],
    ["steps.1.else.0.branches.0.when.not.op", [2, 5, 6], "Step “deep”, branch 1: Condition"],
    ["steps.1", [2], "Step “plan”"],
    ["steps.9.subject", [], "Subject"],
  ])("%s opens %j and is called “%s”", (path, parts, words) => {
    expect(partsAlong(draft, path)).toEqual(parts);
    expect(placeWords(draft, path)).toBe(words);
  });

  test("the step is found by a path into it", () => {
    expect(findDraftStep(draft, "steps.1.else.0.else.0.message_stream")?.id).toBe("last");
    expect(findDraftStep(draft, "steps.0.subject")?.id).toBe("first");
    expect(findDraftStep(draft, "trigger.event")).toBeNull();
  });
});

test("a draft is judged with the sentences of the API, at its paths", () => {
  const checked = checkDraft({ ...draft, name: " ", trigger: { ...draft.trigger, event: "Signed Up" } });
  expect(checked.ok ? [] : Object.keys(checked.problems).sort()).toEqual(["name", "trigger.event"]);
  expect(checkDraft(draft).ok).toBe(true);
});
