import "server-only";
import { worthRepeating } from "../db";
import { AppError, type PublicError, statusOf, toPublicError } from "../errors";
import { log } from "../log";
import { countRequest } from "./counters";

export type Headers = Record<string, string>;
export type ErrorBody = PublicError & { request_id: string };

type Written = { status: number; headers: Headers; text: string };
const written = new WeakMap<Response, Written>();

/** A JSON answer, or an empty one for 204. */
export function answer(status: number, body: unknown, given: Headers): Response {
  if (status === 204) return new Response(null, { status, headers: given });
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json", ...given };
  const response = new Response(text, { status, headers });
  written.set(response, { status, headers, text });
  return response;
}

/** What an answer was made of: the front door writes it as it is, instead of reading a stream that holds one short text. */
export const writtenOf = (response: Response): Written | undefined => written.get(response);

/** What is told of a failure: our own trouble with the database is worth another try. */
export const asAppError = (thrown: unknown): unknown =>
  worthRepeating(thrown) ? new AppError("unavailable", undefined, { retryAfterSeconds: 1, cause: thrown }) : thrown;

export const errorBody = (thrown: unknown, requestId: string): ErrorBody => ({
  ...toPublicError(thrown),
  request_id: requestId,
});

/** The answer to any thrown value. Our own faults are logged with the request's id, which is all that the caller learns of them. */
export function refuse(given: unknown, { requestId, operation, headers }: Refusal): Response {
  const thrown = asAppError(given);
  const status = statusOf(thrown);
  if (status >= 500) log.error("a request failed", thrown, { requestId, operation });
  countRequest(operation, status);
  const retry = thrown instanceof AppError ? thrown.retryAfterSeconds : undefined;
  return answer(status, errorBody(thrown, requestId), {
    ...headers,
    ...(retry === undefined ? {} : { "retry-after": String(retry) }),
    // What the caller goes on sending is not read.
    ...(status === 408 || status === 413 ? { connection: "close" } : {}),
  });
}
type Refusal = { requestId: string; operation: string; headers: Headers };
