import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = { "server-only": here("node_modules/server-only/empty.js"), "@": here(".") };

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "pure",
          include: ["lib/**/*.test.ts", "components/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["**/*.db.test.ts", "node_modules/**"],
          setupFiles: ["lib/testing/noise.ts"],
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
          // Races are real here, and the machine may be busy: a second look tells a broken promise from a missed moment.
          retry: 1,
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
          // In full, what fails once is broken. Reduced they also run where others share the machine, and bounds of time are missed there.
          retry: process.env.PROOF_SCALE === "full" ? 0 : 1,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
