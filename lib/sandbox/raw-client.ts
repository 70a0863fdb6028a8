import "server-only";
import http, { type IncomingHttpHeaders } from "node:http";

/** A receiver or a caller without manners of its own: what tests of the sandbox look through. */
export type RawAnswer = { status: number; headers: IncomingHttpHeaders; text: string; json: unknown };
export type RawCall = {
  method?: string;
  token?: string;
  accountToken?: string;
  body?: unknown;
  /** Sent as it is instead of `body`. */
  rawBody?: string;
  /** Added; null takes a default away. */
  headers?: Record<string, string | null>;
  timeoutMs?: number;
  agent?: http.Agent;
};

/** Calls once, without retry or redirect. Rejects with the socket's error; a timeout has the code ETIMEDOUT. */
export function rawCall(url: string, call: RawCall = {}): Promise<RawAnswer> {
  const body = call.rawBody ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const headers: Record<string, string | null | undefined> = {
    Accept: "application/json",
    "Content-Type": body === undefined ? null : "application/json",
    "Content-Length": body === undefined ? null : String(Buffer.byteLength(body)),
    "X-Postmark-Server-Token": call.token,
    "X-Postmark-Account-Token": call.accountToken,
    ...call.headers,
  };
  const set = Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => !!entry[1]));
  return new Promise((resolve, reject) => {
    const method = call.method ?? (body === undefined ? "GET" : "POST");
    const request = http.request(url, { method, headers: set, agent: call.agent ?? false });
    const timer = setTimeout(
      () => request.destroy(Object.assign(new Error("Timed out."), { code: "ETIMEDOUT" })),
      call.timeoutMs ?? 5000,
    );
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      response.on("end", () => {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) });
      });
    });
    request.end(body);
  });
}

export type Received = { headers: IncomingHttpHeaders; url: string; body: Record<string, unknown> };
export type Receiver = {
  url: string;
  received: Received[];
  /** What it answers from now on: a status, or a choice by event. */
  answer(with_: number | ((event: Received) => number)): void;
  close(): Promise<void>;
};

/** A webhook receiver on loopback that remembers all it got. */
export async function openReceiver(first: number | ((event: Received) => number) = 200): Promise<Receiver> {
  let choose = first;
  const received: Received[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = parse(Buffer.concat(chunks).toString("utf8"));
      const event = { headers: request.headers, url: request.url ?? "", body: Object(body) };
      received.push(event);
      response.writeHead(typeof choose === "function" ? choose(event) : choose).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/hook`,
    received,
    answer: (with_) => {
      choose = with_;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the text itself is there for whoever expected none.
    return undefined;
  }
}
