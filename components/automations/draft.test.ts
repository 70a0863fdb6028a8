import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AutomationDefinition, automationDefinition } from "@/lib/automations/schema";
import { blankDefinition, type Draft, type DraftStep, toDefinition, toDraft } from "./draft";
import { duplicateStep, insertStep, moveStep, removeStep } from "./draft-changes";
import { freshKey, idsIn, keysIn, type Place, stepsAt, top, wayPlace, waysOf } from "./draft-tree";
import { newStep, stepTypes } from "./new-step";
import { definitions } from "./testing/definitions";

const draftOf = (definition: AutomationDefinition) => toDraft("Welcome", definition);

describe("what was saved", () => {
  test("is unchanged by being opened in the builder", () => {
    fc.assert(
      fc.property(definitions, (given) => {
        const definition = automationDefinition.parse(given);
        expect(toDefinition(draftOf(definition))).toEqual(definition);
        expect(automationDefinition.parse(toDefinition(draftOf(definition)))).toEqual(definition);
      }),
      { numRuns: 300 },
    );
  });

  test("has a key of its own for every step, branch, variant, trait and exit rule", () => {
    fc.assert(
      fc.property(definitions, (given) => {
        const keys = keysIn(draftOf(automationDefinition.parse(given)));
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

describe("any change at any place", () => {
  test("keeps ids and keys unique, and undoing it gives back what was there", () => {
    fc.assert(
      fc.property(definitions, fc.nat(), fc.constantFrom(...stepTypes), (given, where, type) => {
        const draft = draftOf(automationDefinition.parse(given));
        const places = placesOf(draft);
        const place = places[where % places.length] ?? top;
        const index = where % (stepsAt(draft, place).length + 1);
        const grown = insertStep(draft, place, index, newStep(type, draft, null));
        expectUnique(grown);
        expectUnique(duplicateStep(grown, place, index));
        expect(removeStep(grown, place, index)).toEqual(draft);
        const moved = moveStep(grown, place, index, 1);
        expectUnique(moved);
        if (moved !== grown && index + 1 < stepsAt(grown, place).length)
          expect(moveStep(moved, place, index + 1, -1)).toEqual(grown);
        expect(stepsAt(removeStep(duplicateStep(grown, place, index), place, index + 1), place)).toEqual(
          stepsAt(grown, place),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("a tree of steps", () => {
  const branch: DraftStep = {
    key: 2,
    id: "plan",
    type: "branch",
    branches: [
      { key: 3, when: { field: "profile.plan", op: "eq", value: "pro" }, steps: [{ key: 4, id: "a", type: "exit" }] },
    ],
    else: [],
  };
  const draft: Draft = {
    ...draftOf(blankDefinition()),
    steps: [{ key: 1, id: "wait", type: "delay", for: "P1D", until: null }, branch],
  };

  test("is reached at the paths that messages name", () => {
    expect(stepsAt(draft, wayPlace(top, 1, ["branches", 0, "steps"])).map(({ id }) => id)).toEqual(["a"]);
    expect(stepsAt(draft, wayPlace(top, 1, ["else"]))).toEqual([]);
    expect(stepsAt(draft, wayPlace(top, 7, ["branches", 0, "steps"]))).toEqual([]);
  });

  test("what lies beside a change stays the same value", () => {
    const next = insertStep(draft, wayPlace(top, 1, ["else"]), 0, newStep("exit", draft, null));
    expect(next.steps[0]).toBe(draft.steps[0]);
    expect(stepsAt(next, wayPlace(top, 1, ["else"])).map(({ id }) => id)).toEqual(["exit"]);
  });

  test("a copy of a branch copies what is in it, under other names", () => {
    const next = duplicateStep(draft, top, 1);
    expect(idsIn(next.steps)).toEqual(["wait", "plan", "a", "plan-2", "a-2"]);
    expect(freshKey(next)).toBe(8);
  });

  test("a step at either end does not move past it", () => {
    expect(moveStep(draft, top, 0, -1)).toEqual(draft);
    expect(moveStep(draft, top, 1, 1)).toEqual(draft);
    expect(moveStep(draft, top, 1, -1).steps.map(({ id }) => id)).toEqual(["plan", "wait"]);
  });

  test("a copy of a split keeps the names of its variants, which are its own, and renames the steps in them", () => {
    const split = { ...newStep("split", draft, null), key: 20 };
    if (split.type !== "split") throw new Error("It is no split.");
    const [a, b] = split.variants;
    if (!a || !b) throw new Error("It has no variants.");
    const variants = [
      { ...a, key: 21, steps: [newStep("exit", draft, null)] },
      { ...b, key: 22 },
    ];
    const next = duplicateStep({ ...draft, steps: [{ ...split, variants }] }, top, 0);
    expect(idsIn(next.steps)).toEqual(["split", "exit", "split-2", "exit-2"]);
    const copy = next.steps[1];
    expect(copy?.type === "split" && copy.variants.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test.each([
    ["wait_for", ["steps.0.event"]],
    ["split", []],
    ["update_profile", ["steps.0.set."]],
    ["branch", ["steps.0.branches.0.when.field"]],
    ["delay", []],
    ["exit", []],
  ] as const)("a new %s lacks only what a person has to say", (type, lacking) => {
    const steps = [newStep(type, draft, null)];
    const issues = automationDefinition.safeParse(toDefinition({ ...draft, steps })).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toEqual(lacking);
  });

  test("a new email lacks only what a person has to say", () => {
    const steps = [newStep("send_email", draft, "019a0000-0000-7000-8000-000000000000")];
    const issues = automationDefinition.safeParse(toDefinition({ ...draft, steps })).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toEqual(["steps.0.subject", "steps.0.html"]);
  });
});

/** Every list of steps in a draft. */
function placesOf(draft: Draft): Place[] {
  const inside = (place: Place): Place[] => [
    place,
    ...stepsAt(draft, place).flatMap((step, index) =>
      waysOf(step).flatMap(({ path }) => inside(wayPlace(place, index, path))),
    ),
  ];
  return inside(top);
}

function expectUnique(draft: Draft) {
  const [ids, keys] = [idsIn(draft.steps), keysIn(draft)];
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(keys).size).toBe(keys.length);
}
