/** Makes the Prisma client. Runs after every install, so that a fresh clone type-checks and builds without a second command. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../node_modules/prisma/build/index.js", import.meta.url));
// `generate` needs no engine, but Prisma would download one first: any file that exists keeps it from trying.
const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: "1", ...process.env };
const { status } = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
  stdio: ["ignore", "ignore", "inherit"],
  env,
});
process.exit(status ?? 1);
