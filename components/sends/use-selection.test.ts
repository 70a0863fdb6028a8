import { expect, test } from "vitest";
import { isEverything } from "./use-selection";

test("“choose all” ends with what it was said of: another page, a cleared or changed choice, a view that has no more", () => {
  const asked = { all: true, rest: true, chosen: 50, open: 50 };
  expect(isEverything(asked)).toBe(true);
  expect(isEverything({ ...asked, chosen: 0 })).toBe(false);
  expect(isEverything({ ...asked, chosen: 49 })).toBe(false);
  expect(isEverything({ ...asked, rest: false })).toBe(false);
  expect(isEverything({ ...asked, chosen: 0, open: 0 })).toBe(false);
  expect(isEverything({ ...asked, all: false })).toBe(false);
});
