/** Bundles what runs without Next's own build: the server process, the worker and the command line, as dist/*.mjs for plain Node. */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Each program: what starts it. */
const programs = {
  server: `import { main } from "./lib/web/front"; await main({ dev: process.env.GFLUX_DEV === "1" });`,
  worker: `import { main } from "./lib/web/worker"; await main();`,
  gflux: `import { main } from "./lib/cli/main"; await main(process.argv.slice(2));`,
};
type Program = keyof typeof programs;

/** Writes dist/server.mjs, dist/worker.mjs and dist/gflux.mjs. */
export async function buildServer(): Promise<void> {
  await Promise.all(names().map((name) => esbuild.build(options(name))));
}

/** Keeps dist/server.mjs up to date and calls `built` after each time that it could be built. */
export async function watchServer(built: () => void): Promise<{ stop: () => Promise<void> }> {
  const announce: esbuild.Plugin = {
    name: "announce",
    setup: (build) => build.onEnd(({ errors }) => void (errors.length === 0 && built())),
  };
  const common = options("server");
  const context = await esbuild.context({ ...common, plugins: [...(common.plugins ?? []), announce] });
  await context.watch();
  return { stop: () => context.dispose() };
}

const names = () => Object.keys(programs) as Program[];

function options(name: Program): esbuild.BuildOptions {
  return {
    // Next is loaded later, by a dynamic import, and finds this settled.
    banner: {
      js: `process.env.NODE_ENV ||= process.env.GFLUX_DEV === "1" ? "development" : "production"; process.env.NEXT_MANUAL_SIG_HANDLE = "true";`,
    },
    stdin: { contents: programs[name], resolveDir: root, sourcefile: `${name}.ts`, loader: "ts" },
    outfile: path.join(root, "dist", `${name}.mjs`),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: true,
    logLevel: "warning",
    packages: "external",
    define: { GFLUX_MIGRATIONS: JSON.stringify(migrations()) },
    plugins: [ourOwn],
  };
}

/** "server-only" throws outside Next; "@/" is this project's root, not a package. */
const ourOwn: esbuild.Plugin = {
  name: "our-own",
  setup(build) {
    build.onResolve({ filter: /^server-only$/ }, () => ({
      path: path.join(root, "node_modules/server-only/empty.js"),
    }));
    build.onResolve({ filter: /^@\// }, ({ path: wanted, kind }) =>
      build.resolve(`./${wanted.slice(2)}`, { kind, resolveDir: root }),
    );
  },
};

function migrations(): string[] {
  const folder = path.join(root, "prisma", "migrations");
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

if (process.argv[1]?.endsWith("build-server.ts")) await buildServer();
