import { spawn } from "node:child_process";
import fs from "node:fs";
import { localDatabase } from "./settings";

/** Runs one of the bundles of `npm run build` in production mode and ends as it ends. Signals are passed on, so that it can drain. */
export async function runBuilt(file: string): Promise<void> {
  if (!fs.existsSync(file)) {
    console.error("There is no build yet. Run: npm run build");
    process.exit(1);
  }
  const { url } = await localDatabase();
  const child = spawn(process.execPath, ["--enable-source-maps", file], {
    stdio: "inherit",
    env: { ...process.env, NODE_ENV: process.env.NODE_ENV ?? "production", DATABASE_URL: url },
  });
  process.on("SIGINT", () => undefined); // Ctrl-C reaches the child by itself
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
