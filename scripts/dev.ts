/** `npm run dev`: as the demo, with hot reload. Pages reload by themselves; a change in lib/ also restarts the server process. */
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import { watchServer } from "./build-server";
import { prepareDemo } from "./demo-workspace";
import { startLocal, stopOnSignal } from "./local-server";

const port = Number(process.env.PORT || 3000);
fs.mkdirSync(".data", { recursive: true });
const local = await startLocal({
  port,
  sandboxPort: Number(process.env.SANDBOX_PORT || port + 1),
  snapshotFile: ".data/sandbox.json",
});
const demo = await prepareDemo(local.sandbox, local.appUrl);

let server: ChildProcess | undefined;
let turn = Promise.resolve();
const watching = await watchServer(() => {
  turn = turn.then(restart, restart);
});
stopOnSignal(async () => {
  await watching.stop();
  await local.stop();
});

async function restart(): Promise<void> {
  if (server && server.exitCode === null) {
    const gone = new Promise((resolve) => server?.once("exit", resolve));
    server.kill("SIGTERM");
    await gone;
  }
  try {
    server = await local.startServer("dist/server.mjs", { NODE_ENV: "development", GFLUX_DEV: "1" });
    console.log(`\n  ${local.appUrl}   ${demo.email} / ${demo.password}   outbox: ${local.sandbox.url}/outbox\n`);
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : thrown); // the next change tries again
  }
}
