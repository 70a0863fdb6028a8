import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openapi } from "./openapi";
import { operations } from "./operations-list";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const snapshot = here("./openapi.snap.json");

test("what the API promises changes only on purpose: the document equals lib/web/openapi.snap.json", () => {
  const now = `${JSON.stringify(openapi(), null, 1)}\n`;
  // To accept a change: delete the file, run this test, review what changed in it.
  if (!existsSync(snapshot)) writeFileSync(snapshot, now);
  expect(now).toBe(readFileSync(snapshot, "utf8"));
});

/** `METHOD /v1/path` → the operation that the route file serves, by the name of what it exports. */
function routes(): Map<string, string> {
  const root = here("../../app");
  const files = readdirSync(`${root}/v1`, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith("route.ts"),
  );
  return new Map(
    files.flatMap((file) => {
      const path = `/v1/${file.replaceAll("\\", "/").replace(/\/route\.ts$/, "")}`.replace(/\[(\w+)\]/g, "{$1}");
      const text = readFileSync(`${root}/v1/${file}`, "utf8");
      return [...text.matchAll(/^export const (\w+) = (.+);$/gm)].map(
        ([, method = "", value = ""]): [string, string] => [`${method} ${path}`, value],
      );
    }),
  );
}

test("every operation has a route file with its method, and the reverse", () => {
  const served = [...routes().keys()].filter(
    (name) => !name.startsWith("OPTIONS ") && name !== "GET /v1/openapi.json" && !name.includes("[...path]"),
  );
  expect(served.sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort());
});

test("every room's operations are in the list", async () => {
  const rooms = readdirSync(here("..")).filter((room) => existsSync(here(`../${room}/operations.ts`)));
  const listed = new Set(operations.map(({ id }) => id));
  for (const room of rooms) {
    const module: Record<string, { id: string; internal?: true }> = await import(`../${room}/operations.ts`);
    for (const { id, internal } of Object.values(module))
      expect(listed.has(id), `${room}: ${id}`).toBe(internal !== true);
  }
});

test("operations have ids of their own, and references in the document lead somewhere", () => {
  const ids = operations.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const text = JSON.stringify(openapi());
  const names = Object.keys((openapi().components as { schemas: object }).schemas);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) expect(names).toContain(name);
  expect(text).not.toContain("$defs");
});
