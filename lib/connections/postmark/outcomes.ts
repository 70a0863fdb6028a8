import type { CallOutcome, SendOutcome } from "../connector";
import { causeOf, type Envelope, type Exchange, envelopeOf } from "./exchange";

/** Codes after which nobody's mail leaves until a person has done something (reference §2.1). */
const accountCodes = new Set([405, 412, 413, 422, 1480]);
const streamCodes = new Set([1235, 1236]);
const senderCodes = new Set([400, 401]);
const inactiveCode = 406;

type About = Extract<CallOutcome, { kind: "call_refused" }>["about"];

/** What one call to /email/batch came to. `recipients`: whom it was for, in the order of its messages, one each. */
export function callOutcomeOf(exchange: Exchange, recipients: readonly string[]): CallOutcome {
  if (exchange.kind === "not_sent")
    return { kind: "not_sent", cause: exchange.cause, rateLimited: false, retryAfterMs: null };
  if (exchange.kind === "unknown") return { kind: "unknown", cause: exchange.cause };
  const { status, body } = exchange;
  if (Array.isArray(body) && (status === 200 || status === 422)) return ofItems(body, recipients);
  if (status >= 200 && status < 300) return { kind: "unknown", cause: `HTTP ${status} without one answer per message` };
  return ofRefusal(exchange, recipients);
}

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
  if (code === inactiveCode) return { kind: "inactive", code, message };
  // Stream and account too: no fault of this message, and a person must act before it can leave.
  if (senderCodes.has(code) || aboutAll(code) !== null) return { kind: "sender_refused", code, message };
  return { kind: "refused", code, message };
}

function aboutAll(code: number): Exclude<About, "message"> | null {
  if (code === 10) return "credentials";
  if (streamCodes.has(code)) return "stream";
  return accountCodes.has(code) ? "account" : null;
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
