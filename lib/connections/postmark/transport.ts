import "server-only";
import { AccountClient } from "postmark";
import { WholeClient } from "./client";
import { type Deadline, withDeadline } from "./deadline";
import { type Exchange, retryAfterMs } from "./exchange";
import { judgeFailure } from "./failure";
import type { Gate } from "./gate";

/** `startWithinMs`: no request is opened later than this from now. `timeoutMs`: from opening to the last byte of the answer. */
type Limits = {
  startWithinMs: number;
  timeoutMs: number;
  /** Takes the text of a successful answer piece by piece, as it comes: for what is too long to be held. Its `body` is undefined then. */
  onText?: (text: string) => void;
};

type Work<Client> = (client: Client) => Promise<unknown>;
export type Transport = {
  /** Makes exactly one request with the server token and tells all that is known of it. Never throws. */
  asServer(work: Work<WholeClient>, limits: Limits): Promise<Exchange>;
  /** The same with the token taken for an account token. */
  asAccount(work: Work<AccountClient>, limits: Limits): Promise<Exchange>;
};

const answerBytesMax = 20_000_000;
/** Of an answer that is not held: a list of some millions of addresses. */
const streamedBytesMax = 500_000_000;

/**
 * The client library on a `fetch` of ours. The library makes the requests (paths, headers); what it makes of the answers is not
 * used, because it loses the cause of failures, the status, Retry-After, and takes half a JSON text for a success.
 * A client is made for each call, never reconfigured: its `setClientOptions` falls back to the real host.
 */
export function openTransport({ token, baseUrl, gate }: { token: string; baseUrl: string; gate: Gate }): Transport {
  // The library pastes requestHost between scheme and path, so it may hold a port and a path.
  const host = { useHttps: baseUrl.startsWith("https:"), requestHost: baseUrl.replace(/^https?:\/\//, "") };
  const redact = redactor(token);
  return {
    asServer: (work, limits) =>
      passGate(gate, limits, redact, (fetch) =>
        work(new WholeClient(token, { ...host, fetch, timeout: seconds(limits) })),
      ),
    asAccount: (work, limits) =>
      passGate(gate, limits, redact, (fetch) =>
        work(new AccountClient(token, { ...host, fetch, timeout: seconds(limits) })),
      ),
  };
}

/** For the library's own timer, which is not listened to: it would otherwise live for three minutes after each call. */
const seconds = ({ timeoutMs }: Limits) => Math.max(timeoutMs, 1) / 1000;

async function passGate(
  gate: Gate,
  { startWithinMs, timeoutMs, onText }: Limits,
  redact: (text: string) => string,
  call: (fetch: typeof globalThis.fetch) => Promise<unknown>,
): Promise<Exchange> {
  const calledAtMs = performance.now();
  if (!(await gate.enter(Math.max(startWithinMs, 0)))) return tooLate;
  try {
    let exchange: Exchange | undefined;
    const deadline: Deadline = { endMs: calledAtMs + startWithinMs, passed: false };
    const recording: typeof globalThis.fetch = async (url, init) => {
      if (performance.now() > deadline.endMs) exchange = tooLate;
      else exchange = await withDeadline(deadline, () => request(url, init ?? {}, { timeoutMs, redact, onText }));
      if (deadline.passed) exchange = tooLate;
      return Response.json({}); // for the library, which has nothing more to say
    };
    await settled(() => call(recording));
    return exchange ?? { kind: "not_sent", cause: "the request could not be made" };
  } finally {
    gate.leave();
  }
}

const tooLate: Exchange = { kind: "not_sent", cause: "it was too late to begin", late: true };

/** Waits for the library, which throws only for what the exchange tells better, or before it makes a request (then there is none). */
async function settled(work: () => Promise<unknown>): Promise<void> {
  await Promise.allSettled([Promise.resolve().then(work)]);
}

async function request(
  url: string | URL | Request,
  init: RequestInit,
  { timeoutMs, redact, onText }: Pick<Limits, "timeoutMs" | "onText"> & { redact: (text: string) => string },
): Promise<Exchange> {
  try {
    const response = await fetch(url, {
      ...init,
      // A kept connection that the server closes at that moment looks like an answer that was lost (client notes §6).
      headers: { ...(init.headers as Record<string, string>), Connection: "close" }, // the library passes a plain object
      // Not followed: a 302 would become a GET, and a 307 would post mail and token to another host. The status is kept.
      redirect: "manual",
      // Not the library's own signal: that one starts before the gate.
      signal: AbortSignal.timeout(timeoutMs),
    });
    const streams = onText !== undefined && response.status === 200;
    const read = streams ? await streamBody(response, onText) : await bodyOf(response);
    if (read === null) return { kind: "unknown", cause: "the answer was too long" };
    const text = redact(read);
    const wait = retryAfterMs(response.headers.get("retry-after"), Date.now());
    return { kind: "answer", status: response.status, body: jsonOf(text), text, retryAfterMs: wait };
  } catch (thrown) {
    return judgeFailure(thrown);
  }
}

/** The body, read here so that what breaks in it is judged like everything else; null when it is longer than any honest one. */
async function bodyOf(response: Response): Promise<string | null> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString("utf8");
    bytes += value.byteLength;
    if (bytes > answerBytesMax) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
}

/** Hands the body on as it comes and keeps nothing of it. @returns an empty text, or null when there is no end to it */
async function streamBody(response: Response, onText: (text: string) => void): Promise<"" | null> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return "";
    bytes += value.byteLength;
    if (bytes > streamedBytesMax) {
      await reader.cancel();
      return null;
    }
    onText(decoder.decode(value, { stream: true }));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller treats "not JSON" as an answer of its own
  }
}

/** Takes the token out of texts, in any case. Shorter tokens are not secrets, and would take ordinary words with them. */
function redactor(token: string): (text: string) => string {
  if (token.length < 8) return (text) => text;
  const pattern = new RegExp(token.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), "gi");
  return (text) => text.replace(pattern, "[token]");
}
