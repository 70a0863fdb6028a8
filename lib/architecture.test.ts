import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

/** Which rooms a room may knock on. Read it top to bottom: arrows only ever point up this list. */
const mayUse: Record<string, readonly string[]> = {
  conditions: [],
  workspaces: [],
  connections: ["workspaces"],
  suppressions: ["workspaces", "connections"],
  profiles: ["conditions", "suppressions", "workspaces"],
  templates: ["profiles"],
  sends: ["connections", "profiles", "suppressions", "workspaces"],
  automations: ["conditions", "connections", "profiles", "sends", "templates", "workspaces"],
  events: ["automations", "conditions", "profiles", "workspaces"],
  dispatch: [
    "automations",
    "conditions",
    "connections",
    "events",
    "profiles",
    "sends",
    "suppressions",
    "templates",
    "workspaces",
  ],
};

/** The porch, the command line and the workshop stand outside: they may use every room, and no room may use them. */
const outside = ["web", "cli", "testing"];
/** A server of its own that imports nothing of ours. */
const apart = ["sandbox"];

type Source = { path: string; text: string; imports: string[] };

const paths = ["app", "components", "lib"]
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`))
  .filter((path) => /\.tsx?$/.test(path));
const isTest = (path: string) =>
  path.includes(".test.") || path.startsWith("lib/testing/") || path.includes("/testing/");
const sources = new Map(paths.filter((path) => !isTest(path)).map((path) => [path, read(path)]));

function read(path: string): Source {
  const text = readFileSync(path, "utf8");
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\b[^"';]*?(?:from\s*)?["']([^"']+)["']/gm),
    ...text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g),
  ];
  return { path, text, imports: found.map((match) => resolve(path, match[1] ?? "")) };
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".") && !specifier.startsWith("@/")) return specifier;
  const base = specifier.startsWith("@/") ? specifier.slice(2) : normalize(join(dirname(from), specifier));
  return [`${base}.ts`, `${base}.tsx`, `${base}/index.ts`].find((path) => paths.includes(path)) ?? base;
}

/** Doors. `index.ts` opens on the server, `schema.ts` opens anywhere, `operations.ts` opens for the porch. */
const isDoor = (path: string) => /^lib\/[^/]+\/(index|schema|operations)\.ts$/.test(path);
const room = (path: string) => /^lib\/([^/]+)\//.exec(path)?.[1];
const isServer = (source: Source) => source.imports.includes("server-only");
const inFolder = (folder: string) => [...sources.values()].filter(({ path }) => path.startsWith(`${folder}/`));
const edges = (from: Source[]) => from.flatMap(({ path, imports }) => imports.map((to) => ({ path, to })));

describe("the house", () => {
  test("has no circles", () => {
    const state = new Map<string, "open" | "done">();
    const visit = (path: string, trail: string[]): void => {
      if (state.get(path) === "done") return;
      expect(state.get(path), [...trail, path].join(" → ")).toBeUndefined();
      state.set(path, "open");
      for (const to of sources.get(path)?.imports ?? []) if (sources.has(to)) visit(to, [...trail, path]);
      state.set(path, "done");
    };
    for (const path of sources.keys()) visit(path, []);
  });

  test("keeps lib ignorant of app, components and Next", () => {
    const wrong = edges(inFolder("lib")).filter(
      ({ path, to }) =>
        /^(app|components)\//.test(to) || (/^(next|next-auth|react)(\/|$)/.test(to) && room(path) !== "web"),
    );
    expect(wrong).toEqual([]);
  });

  test("lets rooms meet only where the table says, and only at the door", () => {
    const wrong = edges(inFolder("lib")).filter(({ path, to }) => {
      const [mine = "ground", theirs] = [room(path), room(to)];
      if (theirs === undefined || mine === theirs || outside.includes(mine)) return false;
      return !mayUse[mine]?.includes(theirs) || !/\/(index|schema)\.ts$/.test(to);
    });
    expect(wrong).toEqual([]);
  });

  test("lets the porch and the command line in by the doors only", () => {
    const wrong = edges(inFolder("lib")).filter(({ path, to }) => {
      const [mine, theirs] = [room(path), room(to)];
      return (
        (mine === "web" || mine === "cli") &&
        theirs !== undefined &&
        ![...outside, ...apart].includes(theirs) &&
        !isDoor(to)
      );
    });
    expect(wrong).toEqual([]);
  });

  test("knows every room: at most twelve, and at most ten files on the ground", () => {
    const rooms = [...new Set([...sources.keys()].map(room))].filter((name) => name !== undefined);
    expect(rooms.filter((name) => !(name in mayUse) && ![...outside, ...apart].includes(name))).toEqual([]);
    expect(Object.keys(mayUse).length).toBeLessThanOrEqual(12);
    expect([...sources.keys()].filter((path) => /^lib\/[^/]+$/.test(path)).length).toBeLessThanOrEqual(10);
  });

  test("keeps Prisma and SQL in the stores", () => {
    const wrong = edges(inFolder("lib")).filter(
      ({ path, to }) =>
        /prisma|^pg$/.test(to) &&
        path !== "lib/db.ts" &&
        !/\/store[\w-]*\.ts$/.test(path) &&
        !/^lib\/(web|cli)\//.test(path),
    );
    const loose = inFolder("lib").filter(
      ({ path, text }) =>
        /\b(?:db|tx)\.(?:sql|prisma)\b/.test(text) &&
        path !== "lib/db.ts" &&
        path !== "lib/wake.ts" &&
        !/\/store[\w-]*\.ts$/.test(path),
    );
    expect([...wrong, ...loose.map(({ path }) => path)]).toEqual([]);
  });

  test("keeps every file pure unless its first line says server-only", () => {
    const pure = inFolder("lib").filter((source) => !isServer(source));
    const touchesWorld = pure.filter(({ text }) =>
      /new Date\(\)|Date\.now|Math\.random|process\.env|\bfetch\(/.test(text),
    );
    const usesServer = edges(pure).filter(({ to }) => {
      const target = sources.get(to);
      return target !== undefined && isServer(target);
    });
    expect([...touchesWorld.map(({ path }) => path), ...usesServer]).toEqual([]);
  });

  test("says server-only on the first line or not at all", () => {
    const late = [...sources.values()].filter(
      (source) => isServer(source) && !source.text.startsWith('import "server-only";'),
    );
    expect(late.map(({ path }) => path)).toEqual([]);
  });

  test("reads the environment in one place", () => {
    const readers = [...sources.values()].filter(
      ({ path, text }) => /process\.env/.test(text) && path !== "lib/env.ts",
    );
    expect(readers.map(({ path }) => path)).toEqual([]);
  });

  test("knows the provider's name only in its connector", () => {
    const knowing = inFolder("lib").filter(
      ({ path, text }) => /postmark/i.test(text) && !/^lib\/(connections|sandbox|env\.ts)/.test(path),
    );
    expect(knowing.map(({ path }) => path)).toEqual([]);
  });

  test("gives no room a name that says nothing", () => {
    expect(
      paths.filter((path) => /(^|\/)(utils?|helpers?|common|misc|managers?|services?)(\/|\.)/i.test(path)),
    ).toEqual([]);
  });

  test("lets app in by the doors only", () => {
    const wrong = edges(inFolder("app")).filter(
      ({ to }) =>
        to === "lib/db.ts" || /prisma/.test(to) || (room(to) !== undefined && room(to) !== "web" && !isDoor(to)),
    );
    expect(wrong).toEqual([]);
  });

  test("lets components see only schemas and each other", () => {
    const wrong = edges(inFolder("components")).filter(({ to }) => {
      const theirs = room(to);
      return to.startsWith("app/") || (theirs !== undefined && !to.endsWith("/schema.ts"));
    });
    expect(wrong).toEqual([]);
  });

  test("keeps the API's routes to one line each", () => {
    const long = inFolder("app/v1").filter(({ text }) =>
      text.split("\n").some((line) => !/^(import .*|export const \w+ = .*;|} from .*|\s+\w+,?|)$/.test(line)),
    );
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});
