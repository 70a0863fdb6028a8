/** The management API where Next was not built: the same handlers as its routes export, found by the operations' own paths. */
import type { RequestListener } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Operation } from "../../lib/operation";
import { openapiRoute } from "../../lib/web/openapi";
import { operations } from "../../lib/web/operations-list";
import { nothingHere, serve } from "../../lib/web/route";

type Row = { method: string; pattern: RegExp; handler: ReturnType<typeof serve> };

const rows: Row[] = operations.map((described) => ({
  method: described.method,
  pattern: new RegExp(`^${described.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
  // The list hides what an operation does from those who only describe it; here it is needed.
  handler: serve(described as Operation),
}));

/** Answers what begins with /v1. */
export const management: RequestListener = getRequestListener(
  (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/openapi.json") return openapiRoute(request);
    const found = rows.find(({ method, pattern }) => method === request.method && pattern.test(pathname));
    if (found === undefined) return nothingHere(request);
    const params = { ...found.pattern.exec(pathname)?.groups };
    return found.handler(request, { params: Promise.resolve(params) });
  },
  { overrideGlobalObjects: false },
);
