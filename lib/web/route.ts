import "server-only";
import type { z } from "zod";
import { allow } from "../actor";
import { AppError } from "../errors";
import type { Operation } from "../operation";
import { answer, type Headers, refuse } from "./answer";
import { countRequest } from "./counters";
import { once, type Reply } from "./idempotency";
import { readInput } from "./input";
import { findFresh, secretOf } from "./keys";
import { knownKeys } from "./known-keys";
import { takeRate } from "./rate-limit";
import { bodyHash, idempotencyKeyOf, readBody, readJson, requestIdOf } from "./request";

const bytesMax = 1024 * 1024;

/** What a route handler of Next gets beside the request. */
export type Context = { params: Promise<Record<string, string | string[] | undefined>> };
export type Handler = (request: Request, context: Context) => Promise<Response>;

/**
 * Turns an operation into a route handler: who is it, how often, what do they want; do it, or say why not. The same handler is
 * exported by a `route.ts` and mounted in the front door.
 */
export function serve<I extends z.ZodType, O extends z.ZodType>(operation: Operation<I, O>): Handler {
  return async (request, context) => {
    const requestId = requestIdOf(request);
    const headers: Headers = { "x-request-id": requestId };
    try {
      const { actor } = await findFresh(secretOf(request));
      await takeRate(actor, 1, headers);
      const { text } = await readBody(request, bytesMax);
      const params = await pathParams(context);
      if (params.project_id !== undefined && params.project_id !== actor.workspaceId) throw new AppError("not_found");
      const tenant = allow(actor, operation.permission);
      const { pathname, searchParams } = new URL(request.url);
      searchParams.delete("api_key");
      const work = async (): Promise<Reply> => {
        const query = Object.fromEntries(searchParams);
        const input = readInput(operation.input, { query, body: asPut(operation, readJson(text), params), params });
        const output = await operation.run(actor, input);
        const status = operation.statusOf?.(output) ?? operation.status;
        return { status, body: status === 204 ? null : operation.output.parse(output) };
      };
      const key = request.method === "POST" ? idempotencyKeyOf(request) : null;
      const claim = key === null ? null : { scope: `POST ${pathname}`, key, bodyHash: bodyHash(text) };
      const callsOut = operation.callsOut === true;
      const reply = claim === null ? await work() : await once({ tenant, claim, requestId, callsOut, work });
      countRequest(operation.id, reply.status);
      return answer(reply.status, reply.body, headers);
    } catch (thrown) {
      return refuse(thrown, { requestId, operation: operation.id, headers });
    }
  };
}

/** For paths of the API that nothing stands on. */
export const nothingHere = async (request: Request): Promise<Response> => {
  const requestId = requestIdOf(request);
  const headers = { "x-request-id": requestId };
  return refuse(new AppError("not_found", "There is no such path."), { requestId, operation: "none", headers });
};

/** For a path that is there, asked with a method that it has not. Next would answer without a body. */
export const otherMethod =
  (allowed: readonly string[]): Handler =>
  async (request) => {
    const requestId = requestIdOf(request);
    const sentence = `There is no ${request.method} on this path: it takes ${allowed.join(", ")}.`;
    const headers = { "x-request-id": requestId, allow: allowed.join(", ") };
    const refused = refuse(new AppError("not_found", sentence), { requestId, operation: "none", headers });
    return answer(405, await refused.json(), headers);
  };

/** PUT takes back what GET gave: what the resource has and the input has not (its id, its counts) is left out, not refused. */
function asPut({ method, input, output }: Operation, body: unknown, params: Record<string, string>): unknown {
  if (method !== "PUT" || typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const taken = (knownKeys(input) ?? []).filter((key) => !Object.hasOwn(params, key));
  const shown = knownKeys(output) ?? [];
  return Object.fromEntries(Object.entries(body).filter(([key]) => taken.includes(key) || !shown.includes(key)));
}

/** Parameters of the path, as text. */
export async function pathParams({ params }: Context): Promise<Record<string, string>> {
  // Next hands a path without parameters nothing, whatever its types say.
  const given: Awaited<typeof params> | undefined = await params;
  return Object.fromEntries(Object.entries(given ?? {}).map(([name, value]) => [name, decoded(String(value ?? ""))]));
}

/** Next hands some of them over as they stand in the URL. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new AppError("not_found", undefined, { cause });
  }
}
