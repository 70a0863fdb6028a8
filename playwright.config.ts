import { defineConfig, devices } from "@playwright/test";
import { browser } from "./e2e/browser";

const { name, launchOptions } = await browser();
if (!process.env.TEST_WORKER_INDEX) console.log(`Browser: ${name}`);
const port = Number(process.env.E2E_PORT ?? 3199);

export default defineConfig({
  testDir: "e2e",
  tsconfig: "e2e/tsconfig.json", // lib/ is used by the specs too, where "server-only" would throw
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  retries: process.env.CI ? 1 : 0, // a trace of the first try is kept
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["json", { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? ".data/playwright.json" }]],
  use: { ...devices["Desktop Chrome"], baseURL: `http://localhost:${port}`, launchOptions, trace: "retain-on-failure" },
  projects: [{ name: "chromium", use: { browserName: "chromium" } }],
  webServer: {
    command: "node --conditions=react-server --import tsx e2e/server.ts",
    url: `http://localhost:${port}/api/ready`,
    timeout: 300_000,
    reuseExistingServer: !process.env.CI,
    stdout: "pipe",
    stderr: "pipe",
    gracefulShutdown: { signal: "SIGTERM", timeout: 20_000 },
    env: { PORT: String(port) },
  },
});
