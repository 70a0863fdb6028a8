import type { Failure } from "./failure";

/** One request and what came of it, with what the client library drops: status, the whole body, Retry-After. */
export type Exchange =
  | {
      kind: "answer";
      status: number;
      /** Undefined when the body was not JSON. */
      body: unknown;
      /** As it came: numbers above 2^53 survive only here. */
      text: string;
      retryAfterMs: number | null;
    }
  | Failure;

/** Postmark's error envelope. Its codes look like HTTP statuses and mean other things: never take one for the other. */
export type Envelope = { code: number | null; message: string };

export function envelopeOf(body: unknown): Envelope {
  if (typeof body !== "object" || body === null) return { code: null, message: "" };
  const { ErrorCode: code, Message: message } = body as { ErrorCode?: unknown; Message?: unknown }; // any object may be asked for any key
  return {
    code: typeof code === "number" && Number.isInteger(code) ? code : null,
    message: typeof message === "string" ? message.slice(0, 500) : "",
  };
}

/** The header Retry-After (RFC 9110 §10.2.3: seconds or a date) in milliseconds, at most an hour; null when absent or unreadable. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  const delayMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return text === "" || Number.isNaN(delayMs) ? null : Math.min(Math.max(delayMs, 0), 3_600_000);
}

/** Why an exchange was not what was hoped for, in a few words. */
export function causeOf(exchange: Exchange): string {
  if (exchange.kind !== "answer") return exchange.cause;
  const { code, message } = envelopeOf(exchange.body);
  if (exchange.status >= 300 && exchange.status < 400) return `it answered with a redirect (HTTP ${exchange.status})`;
  if (exchange.body === undefined) return `it answered HTTP ${exchange.status} without JSON`;
  const number = code === null ? `HTTP ${exchange.status}` : `code ${code}`;
  return message === "" ? `it answered ${number}` : `it answered ${number}: ${message}`;
}

/** Postmark's own code of what went wrong, where it gave one; of a call that came too fast 429. */
export function codeOf(exchange: Exchange): number | null {
  if (exchange.kind !== "answer") return null;
  return envelopeOf(exchange.body).code ?? (exchange.status === 429 ? 429 : null);
}
