/**
 * `npm test`: everything that must hold before a change lands, in the order in which it fails fastest. Each step runs even when an
 * earlier one failed, so that one run tells all; the exit code says whether all held.
 *   npm test                 all
 *   npm test -- unit e2e     only these steps
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

type Step = {
  name: string;
  title: string;
  command: string[];
  report?: { file: string; count: (json: never) => Counts; failed: (json: never) => Failed[] };
};
type Counts = { passed: number; failed: number; skipped: number };
type Failed = { test: string; message: string };
type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] | null }[];
  }[];
};
type PlaywrightSuite = {
  specs?: { file: string; line: number; title: string; ok: boolean; tests: { results: PlaywrightResult[] }[] }[];
  suites?: PlaywrightSuite[];
};
type PlaywrightResult = { error?: { message?: string } };
type PlaywrightReport = PlaywrightSuite & {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
};

/** What is told again at the end: so many failures, and of each so many lines. */
const failuresMax = 20;
const linesPerFailure = 25;

const node = process.execPath;
const vitestReport = ".data/vitest.json";
const proofsReport = ".data/proofs.json";
const playwrightReport = ".data/playwright.json";

const steps: Step[] = [
  { name: "lint", title: "Format and lint", command: [node, "node_modules/@biomejs/biome/bin/biome", "ci", "."] },
  {
    name: "build",
    title: "Production build",
    command: [node, "--conditions=react-server", "--import", "tsx", "scripts/build.ts"],
  },
  {
    name: "types",
    title: "Types",
    command: [node, "node_modules/typescript/bin/tsc", "--noEmit", "--incremental", "false"],
  },
  { name: "unused", title: "Unused files, exports and dependencies", command: [node, "node_modules/knip/bin/knip.js"] },
  {
    name: "unit",
    title: "Rules, stores and doors (real PostgreSQL)",
    command: vitest({ projects: ["pure", "database"], report: vitestReport }),
    report: { file: vitestReport, count: countVitest, failed: failedInVitest },
  },
  {
    name: "proofs",
    title: "Never twice, never lost (reduced; npm run test:long runs the full proofs)",
    command: vitest({ projects: ["proofs"], report: proofsReport }),
    report: { file: proofsReport, count: countVitest, failed: failedInVitest },
  },
  {
    name: "e2e",
    title: "In a real browser",
    command: [node, "node_modules/@playwright/test/cli.js", "test"],
    report: { file: playwrightReport, count: countPlaywright, failed: failedInPlaywright },
  },
];

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(", ")}. Steps: ${steps.map((step) => step.name).join(", ")}.`);
  process.exit(2);
}

fs.mkdirSync(".data", { recursive: true });
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
const failedTests: Failed[] = [];
for (const step of steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const startedAt = Date.now();
  console.log(`\n▶ ${step.title}`);
  if (step.report) fs.rmSync(step.report.file, { force: true });
  const [program = "", ...words] = step.command;
  const { status } = spawnSync(program, words, { stdio: "inherit", env: environment() });
  if (step.report) add(step.report);
  if (status !== 0) failures.push(step.title);
  console.log(`${status === 0 ? "✓" : "✗"} ${step.title} (${((Date.now() - startedAt) / 1000).toFixed(0)} s)`);
}

// Again, where the end of a long log is all that somebody reads.
for (const { test, message } of failedTests.slice(0, failuresMax)) {
  console.log(`\n✗ ${test}\n${indented(message)}`);
}
if (failedTests.length > failuresMax) console.log(`\n… ${failedTests.length - failuresMax} more above`);
console.log(failures.length > 0 ? `\nFailed: ${failures.join("; ")}` : "\nAll held.");
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(failures.length > 0 || total.failed > 0 ? 1 : 0);

function vitest({ projects, report }: { projects: string[]; report: string }): string[] {
  return [
    node,
    "node_modules/vitest/vitest.mjs",
    "run",
    ...projects.flatMap((project) => ["--project", project]),
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, NEXT_TELEMETRY_DISABLED: "1", PLAYWRIGHT_JSON_OUTPUT_FILE: playwrightReport };
}

/** A runner that ended without its report counts as one failure. */
function add({ file, count, failed }: NonNullable<Step["report"]>): void {
  const report = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as never) : undefined;
  const counts = report ? count(report) : { passed: 0, failed: 1, skipped: 0 };
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (report) failedTests.push(...failed(report));
}

function countVitest(report: VitestReport): Counts {
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests };
}

/** Tests that failed, and files that failed outside of one. */
function failedInVitest({ testResults }: VitestReport): Failed[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults
      .filter((result) => result.status === "failed")
      .map(({ fullName, failureMessages }) => ({
        test: `${relative(name)} › ${fullName}`,
        message: (failureMessages ?? []).join("\n"),
      }));
    return tests.length === 0 && status === "failed" ? [{ test: relative(name), message }] : tests;
  });
}

function countPlaywright({ stats }: PlaywrightReport): Counts {
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped };
}

function failedInPlaywright({ specs = [], suites = [] }: PlaywrightSuite): Failed[] {
  const own = specs
    .filter(({ ok }) => !ok)
    .map(({ file, line, title, tests }) => ({
      test: `${file}:${line} › ${title}`,
      message: tests.flatMap(({ results }) => results.map(({ error }) => error?.message ?? "")).join("\n"),
    }));
  return [...own, ...suites.flatMap(failedInPlaywright)];
}

function relative(file: string): string {
  return path.relative(process.cwd(), file);
}

function indented(message: string): string {
  const lines = message.trim().split("\n");
  const shown = lines.slice(0, linesPerFailure);
  if (lines.length > shown.length) shown.push(`… ${lines.length - shown.length} more lines above`);
  return shown.map((line) => `  ${line}`).join("\n");
}
