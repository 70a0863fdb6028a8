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
/** Writes dist/server.mjs, dist/worker.mjs and dist/gflux.mjs. */
export const buildServer = (): Promise<void> => bundle(programs, path.join(root, "dist"));

/** Writes a bundle for plain Node of each program: its name and what starts it. */
export async function bundle(sources: Readonly<Record<string, string>>, outdir: string): Promise<void> {
  await Promise.all(
    Object.entries(sources).map(([name, contents]) => esbuild.build(options({ name, contents, outdir }))),
  );
}

/** Keeps dist/server.mjs up to date and calls `built` after each time that it could be built. */
export async function watchServer(built: () => void): Promise<{ stop: () => Promise<void> }> {
  const announce: esbuild.Plugin = {
    name: "announce",
    setup: (build) => build.onEnd(({ errors }) => void (errors.length === 0 && built())),
  };
  const common = options({ name: "server", contents: programs.server, outdir: path.join(root, "dist") });
  const context = await esbuild.context({ ...common, plugins: [...(common.plugins ?? []), announce] });
  await context.watch();
  return { stop: () => context.dispose() };
}

function options({ name, contents, outdir }: Record<"name" | "contents" | "outdir", string>): esbuild.BuildOptions {
  return {
    // Next is loaded later, by a dynamic import, and finds this settled.
    banner: {
      js: `process.env.NODE_ENV ||= process.env.GFLUX_DEV === "1" ? "development" : "production"; process.env.NEXT_MANUAL_SIG_HANDLE = "true";`,
    },
    stdin: { contents, resolveDir: root, sourcefile: `${name}.ts`, loader: "ts" },
    outfile: path.join(outdir, `${name}.mjs`),
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
