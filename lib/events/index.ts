import "server-only";
import { type Actor, allow } from "../actor";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import { newId } from "../ids";
import { submit } from "./queue";
import type { Arrival } from "./read";
import type { Accepted, BatchAccepted } from "./schema";
import { purgeMessages } from "./store";
import { rewriteMerged } from "./store-identity";
import { type Answer, type Form, type Idempotency, readTicket } from "./ticket";

export { alias } from "./alias";
export { drainQueue as drainIntake, queueState as intakeQueue } from "./queue";
export { counted as intakeCounters } from "./statistics";
export { countPerformed, type PerformedAsk } from "./store-performed";
export { type Answer, eventCount, type Form, type Idempotency } from "./ticket";

/** A body that has arrived: parsed JSON, not looked at yet. */
export type IngestRequest = {
  form: Form;
  body: unknown;
  /** Of the body as it came. */
  bodyBytes: number;
  /** See `looksPlain` in schema.ts. */
  plain: boolean;
  receivedAtMs: number;
  requestId: string;
  idempotency: Idempotency | null;
};

/**
 * Stores what a request brings, together with others that arrive at the same time. A 2xx answer means: on disk, in the same
 * transaction as the enrollments that it caused. What is wrong with the request or with one of its events is said in the answer.
 * @returns `stale` when the actor's key was read before the workspace last changed: look the key up again, then call again
 * @throws AppError `conflict`, `idempotency_conflict`, `unavailable`, and what `allow` throws
 */
export async function ingestRequest(actor: Actor, request: IngestRequest): Promise<Answer | "stale"> {
  const tenant = allow(actor, "events:write");
  const { bodyBytes, plain, receivedAtMs } = request;
  const source = actor.kind === "publishable_key" ? "browser" : "server";
  const arrival: Arrival = { source, receivedAtMs, plain, bodyBytes };
  const ticket = readTicket({ ...request, actorVersion: actor.workspaceVersion ?? null, arrival });
  const outcome = await submit(tenant, ticket);
  if (outcome.kind === "failed") throw outcome.error;
  return outcome.kind === "stale" ? "stale" : outcome.answer;
}

/** One event, for callers without HTTP: the command line and tests. @throws AppError for what an answer would say */
export const sendEvent = (actor: Actor, input: unknown): Promise<Accepted> => accept<Accepted>(actor, "event", input);
export const sendEvents = (actor: Actor, input: unknown): Promise<BatchAccepted> =>
  accept<BatchAccepted>(actor, "batch", input);
export const identify = (actor: Actor, input: unknown): Promise<Accepted> => accept<Accepted>(actor, "identify", input);

async function accept<T extends Accepted | BatchAccepted>(actor: Actor, form: Form, body: unknown): Promise<T> {
  const now = Date.now();
  const request = {
    form,
    body,
    bodyBytes: 0,
    plain: false,
    receivedAtMs: now,
    requestId: newId(now),
    idempotency: null,
  };
  const answer = await ingestRequest(actor, request);
  if (answer === "stale") throw new AppError("unauthenticated", "The key is no longer good.");
  if (!("error" in answer.body)) return answer.body as T; // a form has one kind of answer
  const { error, detail, request_id, ...extras } = answer.body;
  throw new AppError(error, detail, { ...extras, note: request_id });
}

/** A repeated message does nothing for at least 30 days. Call it now and then: each call forgets a bounded number. */
export const forgetOldMessages = (): Promise<number> => purgeMessages(db, { olderThanDays: 31, rowsMax: 10_000 });

/**
 * Gives survivors the history of those who were merged into them, a bounded number of rows for each call; until then it is found through
 * the tombstones. @returns how many rows were rewritten or done with; fewer than asked for: nothing is left that is due
 */
export const rewriteMergedEvents = (handle: Db, { rowsMax }: { rowsMax: number }): Promise<number> =>
  rewriteMerged(handle, { rowsMax });
