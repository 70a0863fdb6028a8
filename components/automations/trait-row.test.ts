import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTrait, type TraitKind, traitKinds, traitProblem, traitWords, withKind, writeTraits } from "./trait-row";

const kinds = Object.keys(traitKinds) as TraitKind[];

test("any value of a trait is shown as a row and written back the same", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const json: unknown = JSON.parse(JSON.stringify(value)); // as it is stored: -0 is 0
      const row = readTrait("plan", json);
      expect(writeTraits([row])).toEqual({ plan: json });
      expect(traitProblem([row], 0)).toBeNull();
    }),
  );
});

test("names that objects treat specially stay traits", () => {
  const written = writeTraits([readTrait("__proto__", "a"), readTrait("constructor", 1)]);
  expect(Object.entries(written)).toEqual([
    ["__proto__", "a"],
    ["constructor", 1],
  ]);
});

describe("a row that cannot be saved says so", () => {
  const row = (kind: TraitKind, text: string, name = "seats") => ({ name, kind, text });
  test.each([
    [row("number", "1,5"), "value", "Give a number."],
    [row("number", ""), "value", "Give a number."],
    [row("json", "{a}"), "value", "This is not JSON."],
  ] as const)("%j", (given, at, sentence) => {
    expect(traitProblem([given], 0)).toEqual({ at, sentence });
  });

  test("the second of two with one name, not the first", () => {
    const rows = [row("text", "a"), row("text", "b", "plan"), row("remove", "")];
    expect(rows.map((_, index) => traitProblem(rows, index)?.at ?? null)).toEqual([null, null, "name"]);
  });
});

test.each(kinds)("another kind can be chosen for a value of kind %s, and it is of that kind", (before) => {
  for (const kind of kinds) {
    const next = withKind({ name: "a", kind: before, text: before === "boolean" ? "true" : "12" }, kind);
    expect(next.kind).toBe(kind);
    const value = writeTraits([next]).a;
    if (kind === "boolean") expect(typeof value).toBe("boolean");
    if (kind === "text") expect(typeof value).toBe("string");
    if (kind === "remove") expect(value).toBeNull();
  }
});

test("a row is told in words", () => {
  expect(readTrait("plan", "pro")).toSatisfy((row) => traitWords(row) === "plan = “pro”");
  expect(traitWords(readTrait("seats", 3))).toBe("seats = 3");
  expect(traitWords(readTrait("trial", null))).toBe("removes trial");
});
