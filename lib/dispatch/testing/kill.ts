import "server-only";
import { type ChildProcess, spawn } from "node:child_process";

/** Starts a worker process on this test's database and sandbox. Whoever starts it ends it, by `kill`. */
export async function startWorkerProcess(): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ["--conditions=react-server", "--import", "tsx", "lib/dispatch/testing/worker-process.ts"],
    { stdio: ["ignore", "pipe", "pipe"], env: process.env },
  );
  let said = "";
  child.stderr?.on("data", (words) => {
    said += String(words);
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`the worker ended at once, with ${code}: ${said}`)));
  });
  return child;
}
