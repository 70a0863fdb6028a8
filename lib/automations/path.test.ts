import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allSteps,
  type BranchStep,
  findStep,
  firstStep,
  innerLists,
  intoList,
  nextStep,
  placedSteps,
  type Step,
  sendSteps,
} from "./schema";

const exit = (id: string): Step => ({ id, type: "exit" });
const branch = (id: string, lists: Step[][], otherwise: Step[] = []): BranchStep => ({
  id,
  type: "branch",
  branches: lists.map((steps) => ({ when: { field: "profile.plan", op: "exists" }, steps })),
  else: otherwise,
});

const waitFor = (id: string, then: Step[], otherwise: Step[]): Step => ({
  id,
  type: "wait_for",
  event: "activated",
  where: null,
  timeout: "PT4H",
  then,
  else: otherwise,
});
const split = (id: string, lists: Step[][]): Step => ({
  id,
  type: "split",
  variants: lists.map((steps, number) => ({ id: `v${number}`, weight: 1, steps })),
});

const inner = branch("inner", [[exit("deep")]], []);
const outer = branch("outer", [[exit("left1"), exit("left2")], []], [inner]);
const waiting = waitFor("waiting", [exit("came")], [split("ab", [[exit("a")], [exit("b1"), exit("b2")]])]);
const definition = { steps: [exit("first"), outer, waiting, exit("last")] };

describe("a run", () => {
  test("begins at the first step, if there is any", () => {
    expect(firstStep(definition)?.id).toBe("first");
    expect(firstStep({ steps: [] })).toBeNull();
  });

  test.each([
    ["first", "outer"],
    ["outer", "waiting"],
    ["left1", "left2"],
    ["left2", "waiting"],
    ["deep", "waiting"],
    ["inner", "waiting"],
    ["waiting", "last"],
    ["came", "last"],
    ["ab", "last"],
    ["a", "last"],
    ["b1", "b2"],
    ["b2", "last"],
    ["last", undefined],
    ["nobody", undefined],
  ])("goes on after %s with %s", (id, next) => expect(nextStep(definition, id)?.id).toBe(next));

  test("enters the chosen list of a step, or passes by where it is empty", () => {
    expect(intoList(definition, outer, outer.branches[0]?.steps ?? [])?.id).toBe("left1");
    expect(intoList(definition, outer, outer.branches[1]?.steps ?? [])?.id).toBe("waiting");
    expect(intoList(definition, inner, inner.else)?.id).toBe("waiting");
    expect(intoList(definition, waiting, innerLists(waiting)[0]?.steps ?? [])?.id).toBe("came");
  });

  test("finds steps wherever they are nested", () => {
    expect(findStep(definition, "deep")).toEqual(exit("deep"));
    expect(findStep(definition, "nobody")).toBeNull();
    expect(sendSteps(definition)).toEqual([]);
  });
});

describe("in any tree of steps", () => {
  const { list } = fc.letrec<{ list: Step[]; step: Step }>((tie) => ({
    step: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.constant(exit("?")),
      fc
        .tuple(fc.array(tie("list"), { minLength: 1, maxLength: 3 }), tie("list"))
        .map(([lists, otherwise]) => branch("?", lists, otherwise)),
      fc.tuple(tie("list"), tie("list")).map(([then, otherwise]) => waitFor("?", then, otherwise)),
      fc.array(tie("list"), { minLength: 2, maxLength: 3 }).map((lists) => split("?", lists)),
    ),
    list: fc.array(tie("step"), { maxLength: 4 }),
  }));
  const trees = list.map((steps) => ({ steps: number(steps, { count: 0 }) }));

  /** Every way a run can take, each step's lists all tried. */
  const walks = (tree: { steps: Step[] }, from: Step | null, path: string[]): string[][] => {
    if (from === null) return [path];
    expect(path, "a run passes each step once").not.toContain(from.id);
    const here = [...path, from.id];
    const lists = innerLists(from);
    if (lists.length === 0) return walks(tree, nextStep(tree, from.id), here);
    return lists.flatMap(({ steps }) => walks(tree, intoList(tree, from, steps), here));
  };

  test("every walk ends, passes no step twice, and together they reach every step", () => {
    fc.assert(
      fc.property(
        trees.filter((tree) => allSteps(tree).length <= 25),
        (tree) => {
          const reached = new Set(walks(tree, firstStep(tree), []).flat());
          expect([...reached].sort()).toEqual(
            allSteps(tree)
              .map(({ id }) => id)
              .sort(),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  test("steps are listed in the order in which they are written, each once", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const ids = allSteps(tree).map(({ id }) => Number(id));
        expect(ids).toEqual(ids.map((_, index) => index));
      }),
    );
  });
});

function number(steps: Step[], counter: { count: number }): Step[] {
  return steps.map((step) => {
    const id = String(counter.count);
    counter.count += 1;
    const inside = (steps: Step[]) => number(steps, counter);
    switch (step.type) {
      case "branch": {
        const branches = step.branches.map(({ when, steps }) => ({ when, steps: inside(steps) }));
        return { ...step, id, branches, else: inside(step.else) };
      }
      case "wait_for": {
        const then = inside(step.then);
        return { ...step, id, then, else: inside(step.else) };
      }
      case "split":
        return {
          ...step,
          id,
          variants: step.variants.map((variant) => ({ ...variant, steps: inside(variant.steps) })),
        };
      default:
        return { ...step, id };
    }
  });
}

test("each step is found at the path that is named for it", () => {
  const placed = placedSteps(definition);
  expect(placed.map(({ step }) => step)).toEqual(allSteps(definition));
  for (const { step, path } of placed) {
    const at = path
      .split(".")
      .reduce<unknown>((value, key) => Object.entries(value ?? {}).find(([name]) => name === key)?.[1], definition);
    expect(at).toBe(step);
  }
});
