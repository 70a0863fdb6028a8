import "server-only";
import { createHash } from "node:crypto";
import { AppError, invalidField } from "../errors";
import { newId } from "../ids";

/** How long a body may take to arrive. */
const bodyTimeoutMs = 20_000;

/** The caller's own id of the request where that is sane, else one of ours. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : newRequestId();
}

export const newRequestId = (): string => `req_${newId().replaceAll("-", "")}`;

export type Body = { text: string; bytes: number };

/** Reads a body while counting. @throws AppError `payload_too_large`, and `timeout` when it does not arrive in time */
export async function readBody(request: Request, bytesMax: number): Promise<Body> {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > bytesMax) throw tooLarge(bytesMax);
  // With a length, the HTTP parser lets no more than that through; without one, each piece is counted.
  const reading = length === null ? readCounting(request, bytesMax) : request.text();
  const text = await withinTime(reading);
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) throw tooLarge(bytesMax);
  return { text, bytes };
}

/** An empty body is an empty object. @throws AppError `validation_error` */
export function readJson(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("validation_error", "The body is not valid JSON.", { cause });
  }
}

/** The idempotency key of a request, if it has one. @throws AppError `validation_error` */
export function idempotencyKeyOf(request: Request): string | null {
  const key = request.headers.get("x-idempotency-key");
  if (key === null) return null;
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw invalidField("X-Idempotency-Key", "An idempotency key has 1 to 255 visible characters.");
  return key;
}

/** What tells two bodies apart. */
export const bodyHash = (text: string): string => createHash("sha256").update(text).digest("base64url");

async function readCounting(request: Request, bytesMax: number): Promise<string> {
  if (request.body === null) return "";
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new TextDecoder().decode(Buffer.concat(pieces));
    bytes += value.length;
    if (bytes > bytesMax) {
      // The rest is not worth reading, and whoever sends it may already be gone.
      reader.cancel().catch(() => undefined);
      throw tooLarge(bytesMax);
    }
    pieces.push(value);
  }
}

async function withinTime<T>(reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError("timeout", "The body did not arrive in time.")), bodyTimeoutMs);
  });
  try {
    return await Promise.race([reading, late]);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("timeout", "The body did not arrive.", { cause: thrown }); // the connection broke
  } finally {
    clearTimeout(timer);
  }
}

const tooLarge = (bytesMax: number) =>
  new AppError("payload_too_large", `The body is larger than ${Math.floor(bytesMax / 1024)} KB.`);
