/**
 * What `npm run demo`, `npm test` and their kin start with: plain Node, nothing installed yet. Checks Node, installs what is missing,
 * then runs scripts/<command>.ts.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [command = "", ...words] = process.argv.slice(2);
process.chdir(root);

requireNode(20, 19);
install();
run();

function requireNode(major, minor) {
  const [haveMajor = 0, haveMinor = 0] = process.versions.node.split(".").map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(
    `This needs Node.js ${major}.${minor} or newer; this is ${process.versions.node}. Install a newer one from your system's packages or nodejs.org.`,
  );
}

/** `npm ci` when node_modules is not what the lockfile says. A copied or half-installed folder is made anew. */
function install() {
  const stamp = "node_modules/.gflux-lockfile";
  const wanted = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync("prisma/generated/client.ts")) return;
  say("Installing dependencies (once; about a minute) …");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const { status } = spawnSync(
    npm[0],
    [...npm.slice(1), "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32" && npm.length === 1,
      env: { ...process.env, NODE_ENV: "development" },
    },
  );
  if (status !== 0)
    fail("npm ci failed: see its message above. Check that the npm registry can be reached, then run this again.");
  writeFileSync(stamp, wanted);
}

function run() {
  const script = `scripts/${command.replace(":", "-")}.ts`;
  if (!existsSync(script)) fail(`There is no command "${command}".`);
  // The react-server condition resolves "server-only" to nothing, as in Next's own server build.
  const child = spawn(process.execPath, ["--conditions=react-server", "--import", "tsx", script, ...words], {
    stdio: "inherit",
  });
  // Ctrl-C reaches the child by itself; this process only waits for it to end cleanly.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

function say(words) {
  process.stderr.write(`${words}\n`);
}

function fail(words) {
  say(words);
  process.exit(1);
}
