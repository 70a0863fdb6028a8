import { describe, expect, test } from "vitest";
import { blankDefinition, type Draft, toDraft } from "./draft";
import { onScreen } from "./draft-problems";
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

describe("so it is in the other steps that hold steps, and in rows of traits", () => {
  const trait = (key: number, name: string, text: string) => ({ key, name, kind: "text" as const, text });
  const nested: Draft = {
    ...draft,
    exit_when: [
      { key: 20, event: "gone", where: null },
      { key: 21, event: "Gone!", where: null },
    ],
    steps: [
      {
        key: 1,
        id: "ab",
        type: "split",
        variants: [
          { key: 2, id: "a", weight: 1, steps: [exit("in-a", 3)] },
          { key: 4, id: "b", weight: 1, steps: [] },
        ],
      },
      {
        key: 5,
        id: "paid",
        type: "wait_for",
        event: "paid",
        where: null,
        timeout: "P1D",
        then: [{ key: 6, id: "tag", type: "update_profile", set: [trait(7, "a.b", "x"), trait(8, "email", "nobody")] }],
        else: [exit("late", 9)],
      },
    ],
  };

  test.each<[string, (string | number)[], string]>([
    ["steps.0.variants.0.steps.0.id", [1, 3], "Step “in-a”: Step id"],
    ["steps.0.variants.1.weight", [1], "Step “ab”, variant 2: Weight"],
    ["steps.0.variants.1.id", [1], "Step “ab”, variant 2: Name"],
    ["steps.1.timeout", [5], "Step “paid”: Wait at most"],
    ["steps.1.where.field", [5], "Step “paid”: Only if"],
    ["steps.1.then.0.set.0.name", [5, 6], "Step “tag”: Trait"],
    ["steps.1.then.0.set", [5, 6], "Step “tag”: Traits"],
    ["steps.1.else.0", [5, 9], "Step “late”"],
    ["exit_when.1.event", ["exit_when"], "Exit rule 2: Event"],
    ["exit_when.0.where.any.0.value", ["exit_when"], "Exit rule 1: Only if"],
    ["exit_when", ["exit_when"], "Exit rules"],
    ["reentry", [], "Re-entry"],
  ])("%s opens %j and is called “%s”", (path, parts, words) => {
    expect(partsAlong(nested, path)).toEqual(parts);
    expect(placeWords(nested, path)).toBe(words);
  });

  test("what the schema says of a trait by its name stands at its row, also when the name holds a dot", () => {
    const checked = checkDraft(nested);
    expect(checked.ok ? [] : Object.keys(checked.problems).sort()).toEqual([
      "exit_when.1.event",
      "steps.1.then.0.set.1.value",
    ]);
    const refused = { "steps.1.then.0.set.a.b": ["No."], "steps.0.variants": ["No."] };
    expect(onScreen(nested, refused)).toEqual({ "steps.1.then.0.set.0.value": ["No."], "steps.0.variants": ["No."] });
  });

  test("a trait without a name, and one that is named twice, is refused at its name", () => {
    const rows = [trait(7, "", "x"), trait(8, "plan", "x"), trait(9, "plan", "y")];
    const steps: Draft["steps"] = [{ key: 1, id: "tag", type: "update_profile", set: rows }];
    const checked = checkDraft({ ...draft, steps });
    expect(checked.ok ? [] : Object.keys(checked.problems).sort()).toEqual([
      "steps.0.set.0.name",
      "steps.0.set.2.name",
    ]);
  });
});

test("a draft is judged with the sentences of the API, at its paths", () => {
  const checked = checkDraft({ ...draft, name: " ", trigger: { ...draft.trigger, event: "Signed Up" } });
  expect(checked.ok ? [] : Object.keys(checked.problems).sort()).toEqual(["name", "trigger.event"]);
  expect(checkDraft(draft).ok).toBe(true);
});
