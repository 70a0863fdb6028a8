import "server-only";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { Answer } from "./answer";

export type Wire = { request: IncomingMessage; response: ServerResponse };

const gzipFromBytes = 1024;
const slowTickMs = 50;

/** The ordinary way back; gzip if asked and worth it. Resolves when the answer has left or the caller is gone. */
export function write(wire: Wire, answer: Answer): Promise<void> {
  let body = Buffer.from(answer.body);
  const headers: Record<string, string> = { ...answer.headers };
  if (body.length >= gzipFromBytes && /\bgzip\b/.test(String(wire.request.headers["accept-encoding"] ?? ""))) {
    body = gzipSync(body);
    headers["Content-Encoding"] = "gzip";
  }
  wire.response.writeHead(answer.status, { ...headers, "Content-Length": body.length });
  return new Promise((resolve) => {
    wire.response.once("close", resolve);
    wire.response.end(body, () => resolve());
  });
}

/** Cuts the connection with a reset. */
export function reset(wire: Wire): void {
  wire.request.socket.resetAndDestroy();
}

/** Headers at once, then the body at a crawl; with `stopAfterBytes` it never ends. */
export function writeSlowly(
  wire: Wire,
  answer: Answer,
  pace: { bytesPerSecond: number; stopAfterBytes: number },
): Promise<void> {
  const { response } = wire;
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, "Content-Length": body.length });
  response.flushHeaders();
  const step = Math.max(1, Math.round((pace.bytesPerSecond * slowTickMs) / 1000));
  let at = 0;
  return new Promise((resolve) => {
    const tick = setInterval(() => {
      const end = Math.min(at + step, body.length, pace.stopAfterBytes);
      if (end > at) response.write(body.subarray(at, end));
      at = end;
      if (at < body.length) return;
      clearInterval(tick);
      response.end(() => resolve());
    }, slowTickMs);
    response.once("close", () => {
      clearInterval(tick);
      resolve();
    });
  });
}

/** Valid headers and a clean end, but the JSON stops in the middle. */
export function writeTruncated(wire: Wire, answer: Answer, keepBytes: number | undefined): Promise<void> {
  const body = Buffer.from(answer.body);
  const cut = body.subarray(0, keepBytes ?? Math.floor(body.length / 2));
  wire.response.writeHead(answer.status, { ...answer.headers, "Content-Length": cut.length });
  return new Promise((resolve) => {
    wire.response.once("close", resolve);
    wire.response.end(cut, () => resolve());
  });
}

/** Headers that promise the whole body, a part of it, then a reset. */
export function writeAndReset(wire: Wire, answer: Answer, keepBytes: number | undefined): Promise<void> {
  const body = Buffer.from(answer.body);
  const cut = body.subarray(0, keepBytes ?? Math.floor(body.length / 2));
  wire.response.writeHead(answer.status, { ...answer.headers, "Content-Length": body.length });
  return new Promise((resolve) => {
    wire.response.once("close", resolve);
    wire.response.write(cut, () => {
      // A reset right behind the bytes would overtake them.
      setTimeout(() => reset(wire), 20);
    });
  });
}
