/** Before the proofs: bundles of what they start, made of the sources as they are now. The server is Next's where its build is fresh. */
import fs from "node:fs";
import path from "node:path";
import { isBuilt } from "../../scripts/build";
import { bundle } from "../../scripts/build-server";

/** Below the root, so that the bundles find its node_modules. One folder for each run: several may run at once. */
const folder = path.resolve(".data/proofs", `programs-${process.pid}`);

export default async function setup(project: { provide(key: "proofPrograms", value: string): void }) {
  const server = isBuilt()
    ? `import { main } from "./lib/web/front"; await main({ dev: false });`
    : `import "./e2e/proofs/front-process";`;
  await bundle(
    {
      server,
      worker: `import { main } from "./lib/web/worker"; await main();`,
      sandbox: `import "./e2e/proofs/sandbox-process";`,
      leash: `import "./e2e/proofs/leash";`,
    },
    folder,
  );
  project.provide("proofPrograms", folder);
  return () => fs.rmSync(folder, { recursive: true, force: true });
}

declare module "vitest" {
  interface ProvidedContext {
    /** Folder of server.mjs, worker.mjs, sandbox.mjs and leash.mjs. */
    proofPrograms: string;
  }
}
