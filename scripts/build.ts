/** Production build: Next's pages, then the bundles of server, worker and command line. Skips what is newer than its sources. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { buildServer } from "./build-server";

const stamp = ".next/gflux-sources";
const sources = [
  "app",
  "components",
  "lib",
  "prisma/schema",
  "prisma/migrations",
  "public",
  "package-lock.json",
  "next.config.ts",
  "postcss.config.mjs",
  "tsconfig.json",
];

/** Builds unless the sources are those of the last build. */
export async function build({ force = false } = {}): Promise<void> {
  const wanted = fingerprint();
  if (isBuilt(wanted) && !force) return;
  console.error("Building (about a minute) …");
  const { status } = spawnSync(process.execPath, ["node_modules/next/dist/bin/next", "build"], {
    stdio: ["ignore", 2, 2],
    // The pages are rendered on request, so no database or secret is needed now.
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (status !== 0) throw new Error("next build failed: see its message above.");
  await buildServer();
  fs.writeFileSync(stamp, wanted);
}

/** Whether the last build was of the sources as they are now. */
export const isBuilt = (wanted = fingerprint()): boolean =>
  fs.existsSync(stamp) && fs.existsSync("dist/server.mjs") && fs.readFileSync(stamp, "utf8") === wanted;

function fingerprint(): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    if (!fs.existsSync(path) || path.includes("prisma/generated") || /\.test\.tsx?$/.test(path)) return;
    if (fs.statSync(path).isDirectory()) for (const name of fs.readdirSync(path).sort()) add(`${path}/${name}`);
    else hash.update(path).update(fs.readFileSync(path));
  };
  for (const path of sources) add(path);
  return hash.digest("hex");
}

if (process.argv[1]?.endsWith("build.ts")) await build({ force: true });
