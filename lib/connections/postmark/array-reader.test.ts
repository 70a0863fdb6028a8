import fc from "fast-check";
import { expect, test } from "vitest";
import { ArrayReader } from "./array-reader";

function read(pieces: readonly string[]) {
  const items: unknown[] = [];
  const reader = new ArrayReader((item) => items.push(item));
  for (const piece of pieces) reader.push(piece);
  return { items, complete: reader.complete };
}

test("the objects of a list come out as they went in, wherever the text is cut and whatever their strings hold", () => {
  const item = fc.dictionary(
    fc.string(),
    fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant({ "}": ["{", '\\"]'] })),
  );
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 6 }),
      fc.array(fc.nat(200), { maxLength: 8 }),
      fc.boolean(),
      (items, cuts, pretty) => {
        const text = JSON.stringify({ Suppressions: items }, null, pretty ? 2 : 0);
        const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((one, other) => one - other), text.length];
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
        expect(read(pieces)).toEqual({ items: JSON.parse(text).Suppressions, complete: true });
      },
    ),
  );
});

test("a text that breaks off, or holds no list, is not complete", () => {
  const text = JSON.stringify({ Suppressions: [{ a: 1 }, { a: 2 }] });
  for (let end = 0; end < text.length; end += 1) expect(read([text.slice(0, end)]).complete).toBe(false);
  expect(read(["{}"]).complete).toBe(false);
  expect(read(['"[{}]"']).complete).toBe(false);
});
