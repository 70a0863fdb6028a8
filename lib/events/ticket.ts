import { AppError, type PublicError, statusOf, toPublicError } from "../errors";
import { type Arrival, type IncomingEvent, readEvent, readIdentify, refusal } from "./read";
import { type Accepted, type BatchAccepted, batchInput } from "./schema";

/** Which path a body came by. */
export type Form = "event" | "batch" | "identify";

/** Where the answer to a request with an idempotency key is kept. The porch seals it: intake only stores it. */
export type Idempotency = {
  scope: string;
  key: string;
  bodyHash: string;
  seal: (answer: Answer) => Uint8Array;
  unseal: (sealed: Uint8Array, status: number) => Answer;
};

export type Answer = { status: number; body: Accepted | BatchAccepted | (PublicError & { request_id: string }) };

/** One request on its way into a group. */
export type Ticket = {
  form: Form;
  requestId: string;
  /** The workspace's version when the key was read; null for callers without a key. */
  actorVersion: number | null;
  idempotency: Idempotency | null;
  bodyBytes: number;
  events: { index: number; event: IncomingEvent }[];
  refused: { index: number; error: AppError }[];
};

export type Incoming = Pick<Ticket, "form" | "requestId" | "actorVersion" | "idempotency"> & {
  body: unknown;
  arrival: Arrival;
};

/** Reads a body. @returns a ticket, with what is wrong in it named */
export function readTicket({ body, arrival, ...rest }: Incoming): Ticket {
  const ticket: Ticket = { ...rest, bodyBytes: arrival.bodyBytes, events: [], refused: [] };
  const list =
    rest.form === "batch" ? batchInput.safeParse(body) : { success: true as const, data: { events: [body] } };
  if (!list.success) {
    // Of the request, not of one event: the whole is refused.
    ticket.refused.push({ index: -1, error: refusal(list.error) });
    return ticket;
  }
  const read = rest.form === "identify" ? readIdentify : readEvent;
  for (const [index, raw] of list.data.events.entries()) {
    const event = read(raw, arrival);
    if (event instanceof AppError) ticket.refused.push({ index, error: event });
    else ticket.events.push({ index, event: named(event, rest.idempotency, index) });
  }
  return ticket;
}

/** How many tokens of the rate limit a body costs: its events. */
export const eventCount = (form: Form, body: unknown): number => {
  const events = form === "batch" && typeof body === "object" && body !== null && "events" in body ? body.events : null;
  return Array.isArray(events) ? Math.max(1, events.length) : 1;
};

/** What the caller is told, given what was refused so far: everything else is stored by then. */
export function answerOf({ form, requestId, events, refused }: Ticket): Answer {
  const whole = refused.find(({ index }) => form !== "batch" || index < 0);
  if (whole) return { status: statusOf(whole.error), body: { ...toPublicError(whole.error), request_id: requestId } };
  const counts = { accepted: events.length, rejected: refused.length };
  if (form !== "batch") return { status: 202, body: { ...counts, request_id: requestId } };
  const errors = refused
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, error }) => ({ index, error: toPublicError(error).error, detail: error.message }));
  return { status: 202, body: { ...counts, errors, request_id: requestId } };
}

/** A repeated request does not do twice what has no message id of its own. */
const named = (event: IncomingEvent, idempotency: Idempotency | null, index: number): IncomingEvent =>
  event.messageId !== null || idempotency === null
    ? event
    : { ...event, messageId: `${idempotency.scope} ${idempotency.key} ${index}` };
