import { expect, test } from "vitest";
import { inOrder, leaveWords, movedWords } from "./move-words";

test.each([
  [1, 1, "1 person is", "1 person leaves"],
  [3, 1, "3 people are", "1 person leaves"],
  [1_200, 1_200, "1,200 people are", "All of them leave"],
  [100_000, 1_500, "100,000+ people are", "1,500 leave"],
])("of %i people under way, %i whose step is gone are told in words", (people, removed, are, leave) => {
  expect(movedWords({ people })).toBe(are);
  expect(leaveWords({ people, removed })).toMatch(new RegExp(`^${leave}: `));
});

test("the newest version stands first, and where nobody has come to a step yet before all steps", () => {
  const move = (from_version: number, step_id: string | null) => ({
    from_version,
    step_id,
    people: 1,
    to: "same" as const,
  });
  expect(inOrder([move(1, "b"), move(2, "wait"), move(2, null), move(1, "a")])).toEqual([
    move(2, null),
    move(2, "wait"),
    move(1, "a"),
    move(1, "b"),
  ]);
});
