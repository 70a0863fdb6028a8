import type { CallOutcome, SendOutcome, Shared } from "../connector";
import { causeOf, type Envelope, type Exchange, envelopeOf } from "./exchange";

/**
 * What Postmark's codes are about (reference §2.1), on /email and /email/batch alike: the one table. Every other code is about the
 * message it was given for. Nobody's mail leaves on that stream or account before a person has mended what is shared.
 */
const meanings = new Map<number, Shared | "sender" | "recipient">([
  [10, "credentials"], // no token, a wrong one, or one of another kind
  [400, "sender"], // the From address has no signature
  [401, "sender"], // the signature is not confirmed
  [405, "account"], // out of credits
  [406, "recipient"], // inactive on this stream
  [412, "account"], // pending approval: only recipients of the From domain
  [413, "account"], // not approved to send
  [422, "account"], // invalid server or account
  [1235, "stream"], // no such stream on this server, or archived
  [1236, "stream"], // inbound: cannot send
  [1480, "account"], // our address is not on the server's list
]);

type About = Extract<CallOutcome, { kind: "call_refused" }>["about"];

/**
 * What one call came to. `recipients`: whom it was for, in the order of its messages, one each. `alone`: it went to /email, which
 * answers with the one item itself.
 */
export function callOutcomeOf(
  exchange: Exchange,
  recipients: readonly string[],
  { alone = false }: { alone?: boolean } = {},
): CallOutcome {
  if (exchange.kind === "not_sent")
    return { kind: "not_sent", cause: exchange.cause, rateLimited: false, retryAfterMs: null, late: exchange.late };
  if (exchange.kind === "unknown") return { kind: "unknown", cause: exchange.cause };
  const { status } = exchange;
  const body = alone && exchange.status === 200 ? aloneInList(exchange.body) : exchange.body;
  if (Array.isArray(body) && (status === 200 || status === 422)) return ofItems(body, recipients);
  if (status >= 200 && status < 300) return { kind: "unknown", cause: `HTTP ${status} without one answer per message` };
  return ofRefusal(exchange, recipients);
}

/** An object is the answer to the one message; anything else is none. */
const aloneInList = (body: unknown): unknown =>
  typeof body === "object" && body !== null && !Array.isArray(body) ? [body] : null;

/** Answers are matched by position, so only when their number is right. */
function ofItems(answers: readonly unknown[], recipients: readonly string[]): CallOutcome {
  if (answers.length !== recipients.length)
    return { kind: "unknown", cause: `${answers.length} answers for ${recipients.length} messages` };
  const outcomes = recipients.map((recipient, index) => sendOutcomeOf(answers[index], recipient));
  const taken = outcomes.some(({ kind }) => kind === "accepted" || kind === "unknown");
  const blocking = answers.map(envelopeOf).find(({ code }) => code !== null && aboutAll(code) !== null);
  const about = blocking?.code == null ? null : aboutAll(blocking.code);
  // Items share stream and account: when one is refused for that and none was taken, the call was refused.
  if (blocking && about !== null && !taken) return { kind: "call_refused", about, ...blocking };
  return { kind: "answered", outcomes };
}

/** What became of one message for one recipient, from its item of the answer. */
export function sendOutcomeOf(item: unknown, recipient: string): SendOutcome {
  const { code, message } = envelopeOf(item);
  const messageId = messageIdOf(item);
  // With one recipient, "will not deliver to these inactive addresses" means that nobody gets it (reference §3.6).
  if (messageId !== null && namesInactive(message, recipient)) return { kind: "inactive", code: code ?? 0, message };
  // A MessageID is acceptance, with or without ErrorCode: it lacks when delivery may be delayed.
  if (messageId !== null) return { kind: "accepted", messageId, note: noteOf(message) };
  if (code === null || code === 0)
    return { kind: "unknown", cause: "an answer without MessageID and without ErrorCode" };
  const about = meanings.get(code);
  switch (about) {
    case undefined:
      return { kind: "refused", code, message };
    case "recipient":
      return { kind: "inactive", code, message };
    case "sender":
      return { kind: "sender_refused", code, message };
    case "credentials":
    case "account":
    case "stream":
      return { kind: "blocked", about, code, message };
  }
}

/** What of everything shared a code is about; null when it is about one message. */
function aboutAll(code: number): Shared | null {
  const about = meanings.get(code);
  return about === undefined || about === "sender" || about === "recipient" ? null : about;
}

function messageIdOf(item: unknown): string | null {
  if (typeof item !== "object" || item === null) return null;
  const { MessageID: id } = item as { MessageID?: unknown }; // any object may be asked for any key
  return typeof id === "string" && /^[\w-]{1,100}$/.test(id) ? id.toLowerCase() : null;
}

const noteOf = (message: string): string | null => (message === "" || message === "OK" ? null : message);

function namesInactive(message: string, recipient: string): boolean {
  const listed = /inactive addresses: (.*)/i.exec(message)?.[1]?.toLowerCase() ?? "";
  // The list ends with a full stop; in the other wording (406) a sentence follows.
  return listed.split(/[,\s]+/).some((word) => word.replace(/\.$/, "") === recipient.toLowerCase());
}

/** An answer that is one envelope for the whole call, or none of Postmark's. Judged by its code, then by the status. */
function ofRefusal(exchange: Extract<Exchange, { kind: "answer" }>, recipients: readonly string[]): CallOutcome {
  const { status, body, retryAfterMs } = exchange;
  const envelope = envelopeOf(body);
  const cause = causeOf(exchange);
  if (status === 429 || (envelope.code === 429 && status === 422))
    return { kind: "not_sent", cause, rateLimited: true, retryAfterMs };
  if (status === 503 && envelope.code === 100) return { kind: "not_sent", cause, rateLimited: false, retryAfterMs };
  if (status < 400 || status >= 500) return { kind: "unknown", cause };
  const about = (envelope.code === null ? null : aboutAll(envelope.code)) ?? aboutStatus(status, body);
  if (about === null) return { kind: "unknown", cause };
  const [only, second] = recipients;
  if (about === "message" && only !== undefined && second === undefined && (envelope.code ?? 0) !== 0)
    return { kind: "answered", outcomes: [sendOutcomeOf(body, only)] };
  return { kind: "call_refused", about, ...wordsOf(envelope, cause) };
}

/** For answers whose code says nothing of account or stream. Null: an edge may have answered after the mail was taken. */
function aboutStatus(status: number, body: unknown): About | null {
  if (status === 401) return "credentials";
  // No such path: the address of the API is wrong, and trying other messages would not mend it.
  if (status === 404 || status === 405) return "account";
  if (status === 413 || status === 415) return "message";
  return body === undefined || status === 408 ? null : "message";
}

const wordsOf = ({ code, message }: Envelope, cause: string) => ({ code, message: message === "" ? cause : message });
