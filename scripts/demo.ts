/** `npm run demo`: from a bare clone to a working product with a workspace to look at. A second start finds its data again. */
import fs from "node:fs";
import net from "node:net";
import { build } from "./build";
import { type Demo, prepareDemo } from "./demo-workspace";
import { startLocal, stopOnSignal } from "./local-server";

const port = Number(process.env.PORT || 3000);
const sandboxPort = Number(process.env.SANDBOX_PORT || port + 1);

try {
  for (const wanted of [port, sandboxPort]) await requireFree(wanted);
  await build();
  console.error("Starting PostgreSQL, the sandbox and the app …");
  fs.mkdirSync(".data", { recursive: true });
  const local = await startLocal({ port, sandboxPort, snapshotFile: ".data/sandbox.json" });
  stopOnSignal(async () => {
    console.error("\nStopping …");
    await local.stop();
  });
  const demo = await prepareDemo(local.sandbox, local.appUrl);
  const server = await local.startServer("dist/server.mjs", { NODE_ENV: "production" });
  server.on("exit", (code) => {
    if (code) process.exit(code);
  });
  console.log(guide(demo, local.appUrl, local.sandbox.url));
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exit(1);
}

function guide(demo: Demo, appUrl: string, sandboxUrl: string): string {
  return `
  gflux is running.

  App        ${appUrl}
  Sign in    ${demo.email}  /  ${demo.password}
  Project    ${demo.workspaceId}
  Secret key       ${demo.secretKey}
  Publishable key  ${demo.publishableKey}
  Outbox     ${sandboxUrl}/outbox   (a sandbox that stands in for Postmark: nothing leaves this machine)

  Sign somebody up, and see the welcome email in the outbox and in the send log within a second:

    curl -s ${appUrl}/v1/events/batch \\
      -H "Authorization: Bearer ${demo.secretKey}" -H "Content-Type: application/json" \\
      -d '{"events":[{"event":"$identify","external_id":"you","traits":{"email":"you@example.com","first_name":"You"}},{"event":"signed_up","external_id":"you"}]}'

    curl -s "${appUrl}/v1/projects/${demo.workspaceId}/sends?limit=1" -H "Authorization: Bearer ${demo.secretKey}"

  Ctrl-C stops it. Data is kept in .data/; delete that folder to start afresh.
`;
}

async function requireFree(wanted: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", () =>
      reject(new Error(`Port ${wanted} is in use. Stop what listens there, or choose another: PORT=3100 npm run demo`)),
    );
    probe.listen(wanted, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
