import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = { "server-only": here("node_modules/server-only/empty.js"), "@": here(".") };

/**
 * The machine may be busy, and a bound of time may be missed there: a second look at that. What is lost, doubled or otherwise wrong once
 * is broken, and is never asked again: its message has no such words.
 */
const secondLook = { count: 1, condition: /timed out|did not start in time|to be less than/i };
/** How long a condition may be awaited: a busy machine is slow, and whoever sees it come true goes on at once. */
const patience = { poll: { timeout: 10_000 } };

export default defineConfig({
  resolve: { alias },
  test: {
    // Two even on two cores: much of the time of a worker is PostgreSQL's.
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        test: {
          name: "pure",
          include: ["lib/**/*.test.ts", "components/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["**/*.db.test.ts", "node_modules/**"],
          setupFiles: ["lib/testing/noise.ts"],
          expect: patience,
          retry: secondLook,
          testTimeout: 20_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "database",
          include: ["lib/**/*.db.test.ts"],
          globalSetup: ["lib/testing/global-setup.ts"],
          setupFiles: ["lib/testing/noise.ts", "lib/testing/worker-database.ts"],
          pool: "forks",
          expect: patience,
          retry: secondLook,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "proofs",
          include: ["e2e/proofs/**/*.proof.ts"],
          globalSetup: ["lib/testing/global-setup.ts", "e2e/proofs/programs.ts"],
          setupFiles: ["lib/testing/noise.ts"],
          pool: "forks",
          // Each starts processes of its own and needs the machine for itself.
          fileParallelism: false,
          // In full they have the machine for themselves. Reduced they also run where others share it.
          retry: process.env.PROOF_SCALE === "full" ? 0 : secondLook,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
