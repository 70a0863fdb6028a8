/**
 * `npm run test:long`: the proofs at full scale. Builds if need be, runs every proof once, prints what they had to show, and exits
 * non-zero when one did not hold.
 *   npm run test:long                              all, once
 *   npm run test:long -- --minutes 120             again and again with new seeds until the time is over
 *   npm run test:long -- --seed 42 process many    only these, as a run was that printed this seed
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { parseArgs } from "node:util";
import { build } from "./build";

type Line = { proof: string; seed: number; seconds: number } & Record<string, unknown>;
type Round = { seed: number; held: boolean; lines: Line[] };

const figuresFile = ".data/proofs.jsonl";
const columns = ["emails", "kills", "stops", "faults", "lost", "doubled", "longestRecoveryMs", "seconds"] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string" }, seed: { type: "string" } },
});
const minutes = Number(values.minutes ?? 0);
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000);
if (!Number.isFinite(minutes) || !Number.isSafeInteger(firstSeed)) {
  console.error("usage: npm run test:long -- [--minutes N] [--seed S] [proof …]");
  process.exit(2);
}

await build();
const rounds: Round[] = [];
const endMs = performance.now() + minutes * 60_000;
do {
  const seed = firstSeed + rounds.length;
  console.log(`\n▶ Round ${rounds.length + 1}, seed ${seed}`);
  rounds.push(round(seed));
} while (performance.now() < endMs);

const failed = rounds.filter(({ held }) => !held).map(({ seed }) => seed);
print(rounds);
console.log(
  failed.length > 0
    ? `\nDid not hold: again with npm run test:long -- --seed ${failed.join(", or ")}`
    : `\nAll held, ${rounds.length === 1 ? "once" : `${rounds.length} times`}.`,
);
process.exit(failed.length > 0 ? 1 : 0);

function round(seed: number): Round {
  const before = figures().length;
  const { status } = spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--project", "proofs", ...positionals],
    {
      stdio: "inherit",
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", PROOF_SCALE: "full", PROOF_SEED: String(seed) },
    },
  );
  const lines = figures().slice(before);
  for (const line of lines) console.log(`seed ${seed}: ${line.proof}, ${inWords(line)}`);
  return { seed, held: status === 0, lines };
}

function figures(): Line[] {
  if (!fs.existsSync(figuresFile)) return [];
  const lines = fs.readFileSync(figuresFile, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Line);
}

function inWords(line: Line): string {
  return columns.map((name) => `${name} ${line[name] ?? "–"}`).join(", ");
}

/** One row for each proof: sums over all rounds, but of recoveries the longest. */
function print(all: readonly Round[]): void {
  const lines = all.flatMap((round) => round.lines);
  const proofs = [...new Set(lines.map(({ proof }) => proof))];
  const cell = (name: (typeof columns)[number], of: string) => {
    const numbers = lines.flatMap(({ proof, [name]: figure }) =>
      proof === of && typeof figure === "number" ? [figure] : [],
    );
    if (numbers.length === 0) return "–";
    return name === "longestRecoveryMs" ? Math.max(...numbers) : numbers.reduce((sum, number) => sum + number, 0);
  };
  const row = (of: string) => ({
    runs: lines.filter(({ proof }) => proof === of).length,
    ...Object.fromEntries(columns.map((name) => [name, cell(name, of)])),
  });
  console.log(`\nSeeds: ${all.map(({ seed }) => seed).join(", ")}`);
  console.table(Object.fromEntries(proofs.map((proof) => [proof, row(proof)])));
}
