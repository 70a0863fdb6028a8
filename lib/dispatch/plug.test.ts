import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** What delivers and looks up, and so may be cut off anywhere. */
const files = ["deliver.ts", "reconcile.ts", "save.ts", "lanes.ts"];
/** A closure that leads into `find`, which has its steps. */
const closures = ["ask"];

const sources = files.map((file) => ({ file, text: readFileSync(new URL(file, import.meta.url), "utf8") }));
/** Async functions of these files: what they wait for has steps of its own. */
const own = new Set([
  ...closures,
  ...sources.flatMap(({ text }) =>
    [...text.matchAll(/async function (\w+)|const (\w+) = async/g)].map(([, one, other]) => one ?? other),
  ),
]);

test.each(sources)("every await of $file has a step before it, so that a test pulls the plug there", ({ text }) => {
  // A transaction is all or nothing: there is no place inside it where half of it is done.
  const outside = text.replace(/return transaction\(async[\s\S]*?\n {2}\}\);/g, "");
  const lines = outside.split("\n").filter((line) => !/^\s*(\/\/|\*|\/\*)/.test(line) && line.trim() !== "");
  const bare = lines.flatMap((line, index) =>
    [...line.matchAll(/\bawait (?:\w+\.)*(\w+)/g)].flatMap(([, callee = ""]) => {
      const stepped = callee === "step" || /\bstep\("/.test(lines[index - 1] ?? "");
      return stepped || own.has(callee) ? [] : line.trim();
    }),
  );
  expect(bare).toEqual([]);
});
