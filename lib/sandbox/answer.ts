/** What goes back on the wire. */
export type Answer = { status: number; headers: Record<string, string>; body: string };

const jsonType = { "Content-Type": "application/json; charset=utf-8" };

// A bigint leaves as a bare number, as Postmark sends ids above 2^53; the mark never occurs in a message.
const bigMark = "\u0000bigint:";
const bigPattern = /"\\u0000bigint:(-?\d+)"/g;

/** JSON in which bigints are numbers of full length. */
export function stringify(value: unknown): string {
  const text = JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? `${bigMark}${v}` : v)) ?? "null";
  return text.includes("bigint:") ? text.replace(bigPattern, "$1") : text;
}

/** Success is always 200 at Postmark. */
export function json(value: unknown, status = 200): Answer {
  return { status, headers: { ...jsonType }, body: stringify(value) };
}

/** An error with Postmark's code in body and header. */
export function refuse(code: number, message: string, more?: { status?: number; body?: object }): Answer {
  const answer = json({ ErrorCode: code, Message: message, ...more?.body }, more?.status ?? 422);
  answer.headers["X-PM-ApiErrorCode"] = String(code);
  return answer;
}

/** An answer without a body, such as 405 and 415. */
export function empty(status: number): Answer {
  return { status, headers: {}, body: "" };
}

/** What this sandbox leaves out says so instead of pretending. */
export function notHere(what: string): Answer {
  return json({ ErrorCode: 501, Message: `Sandbox: ${what} is not part of this sandbox; it exists at Postmark.` }, 501);
}
