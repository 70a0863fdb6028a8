import diagnostics from "node:diagnostics_channel";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createRawServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Exchange } from "./exchange";
import { Gate } from "./gate";
import { openTransport } from "./transport";

const token = "11111111-2222-4333-8444-555555555555";
const limits = { startWithinMs: 2000, timeoutMs: 2000 };
const letter = { From: "news@example.com", To: "ana@example.com", Subject: "Hi", TextBody: "Hello" };
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Listening = {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
  close(): unknown;
};
async function listen(server: Listening): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => void server.close());
  const { port } = server.address() as { port: number }; // a TCP server's address is never a string
  return `http://127.0.0.1:${port}`;
}
const serve = (answer: RequestListener) => listen(createServer(answer));
/** Speaks only after a whole request has come, so that what follows is about the answer. */
const serveRaw = (onRequest: (socket: Socket) => void) =>
  listen(createRawServer((socket) => socket.on("error", () => undefined).once("data", () => onRequest(socket))));
const transport = (baseUrl: string, over: { token?: string; gate?: Gate } = {}) =>
  openTransport({ token, baseUrl, gate: new Gate(8), ...over });
const send = (baseUrl: string, over: Partial<typeof limits> = {}): Promise<Exchange> =>
  transport(baseUrl).asServer((client) => client.sendEmailBatch([letter]), { ...limits, ...over });
const bodyOf = async (request: IncomingMessage) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

test("a call goes to the base URL's host, port and path, with the token, and as a bare array", async () => {
  let seen: unknown;
  const url = await serve(async (request, response) => {
    const { method, url: path, headers } = request;
    seen = {
      method,
      path,
      token: headers["x-postmark-server-token"],
      accept: headers.accept,
      body: JSON.parse(await bodyOf(request)),
    };
    json(response, 200, []);
  });
  await send(`${url}/t/world-1`);
  expect(seen).toEqual({
    method: "POST",
    path: "/t/world-1/email/batch",
    token,
    accept: "application/json",
    body: [letter],
  });
});

test("the account's call carries the same value in the account's header", async () => {
  let header: unknown;
  const url = await serve((request, response) => {
    header = [request.url, request.headers["x-postmark-account-token"], request.headers["x-postmark-server-token"]];
    json(response, 200, {});
  });
  await transport(url).asAccount((client) => client.getServers({ count: 1, offset: 0 }), limits);
  expect(header).toEqual(["/servers?count=1&offset=0", token, undefined]);
});

test("status, body and Retry-After are kept, which the library drops", async () => {
  const url = await serve((_, response) =>
    json(response, 429, { ErrorCode: 429, Message: "wait" }, { "retry-after": "3" }),
  );
  expect(await send(url)).toEqual({
    kind: "answer",
    status: 429,
    text: '{"ErrorCode":429,"Message":"wait"}',
    body: { ErrorCode: 429, Message: "wait" },
    retryAfterMs: 3000,
  });
});

describe("what the library takes for success is seen for what it is", () => {
  test.each([
    ["an empty body", ""],
    ["half a JSON text", '[{"MessageID":"x","Err'],
    ["HTML", "<html>502</html>"],
  ])("%s", async (_case, text) => {
    const url = await serve((_, response) => response.writeHead(200).end(text));
    expect(await send(url)).toMatchObject({ kind: "answer", status: 200, body: undefined });
  });
});

describe("a failure before the request could leave is not_sent", () => {
  test("connection refused", async () => {
    const url = await serve(() => undefined);
    for (const close of closing.splice(0)) close();
    expect(await send(url)).toMatchObject({ kind: "not_sent", cause: expect.stringContaining("ECONNREFUSED") });
  });

  test("a host that does not exist", async () => {
    expect(await send("http://nowhere.invalid")).toMatchObject({ kind: "not_sent" });
  });

  test("no TLS where HTTPS is asked for", async () => {
    const url = await serve((_, response) => json(response, 200, []));
    expect(await send(url.replace("http:", "https:"))).toMatchObject({ kind: "not_sent" });
  });

  test("a connection that closes before TLS stands", async () => {
    const url = await serveRaw((socket) => socket.end());
    expect(await send(url.replace("http:", "https:"))).toMatchObject({ kind: "not_sent" });
  });

  test.each(["with\nline break", "\u0142ong"])(
    "a token that no header can hold: %j, and it is not quoted",
    async (odd) => {
      const url = await serve((_, response) => json(response, 200, []));
      const exchange = await transport(url, { token: odd }).asServer((client) => client.getServer(), limits);
      expect(exchange.kind).toBe("not_sent");
      expect(JSON.stringify(exchange)).not.toContain(odd.slice(-4));
    },
  );

  test("a blank token, at which the library throws", async () => {
    const url = await serve((_, response) => json(response, 200, []));
    const exchange = await transport(url, { token: " " }).asServer((client) => client.getServer(), limits);
    expect(exchange).toMatchObject({ kind: "not_sent" });
  });
});

describe("a failure after the request may have left is unknown", () => {
  test("reset before the answer", async () => {
    const url = await serveRaw((socket) => socket.resetAndDestroy());
    expect(await send(url)).toMatchObject({ kind: "unknown" });
  });

  test("closed before the answer", async () => {
    const url = await serveRaw((socket) => socket.end());
    expect(await send(url)).toMatchObject({ kind: "unknown" });
  });

  test("no answer in time", async () => {
    const url = await serveRaw(() => undefined);
    expect(await send(url, { timeoutMs: 60 })).toEqual({ kind: "unknown", cause: "no complete answer in time" });
  });

  test("headers, then silence in the body", async () => {
    const url = await serveRaw((socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{"));
    expect(await send(url, { timeoutMs: 80 })).toEqual({ kind: "unknown", cause: "no complete answer in time" });
  });

  test("headers, then a reset in the body", async () => {
    const url = await serveRaw((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{", () =>
        setTimeout(() => socket.resetAndDestroy(), 20),
      ),
    );
    expect(await send(url)).toMatchObject({ kind: "unknown" });
  });

  test("headers, then a clean end in the middle of the body", async () => {
    const url = await serveRaw((socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{"));
    expect(await send(url)).toMatchObject({ kind: "unknown" });
  });

  test("an answer without end", async () => {
    const url = await serve((_, response) => {
      const chunk = Buffer.alloc(1_000_000, " ");
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", pour).writeHead(200);
      pour();
    });
    expect(await send(url, { timeoutMs: 10_000 })).toEqual({ kind: "unknown", cause: "the answer was too long" });
  });
});

test.each([302, 307])("a redirect (%i) is not followed: mail and token go nowhere else", async (status) => {
  let elsewhere = 0;
  const other = await serve((_, response) => {
    elsewhere += 1;
    json(response, 200, [{ MessageID: "x", ErrorCode: 0 }]);
  });
  const url = await serve((_, response) => response.writeHead(status, { location: `${other}/email/batch` }).end());
  expect(await send(url)).toMatchObject({ kind: "answer", status });
  expect(elsewhere).toBe(0);
});

test("each call makes exactly one request, whatever the answer", async () => {
  for (const status of [429, 500, 502, 503]) {
    let requests = 0;
    const url = await serve((_, response) => {
      requests += 1;
      json(response, status, {});
    });
    await send(url);
    expect(requests).toBe(1);
  }
});

test("no connection is used twice: one that the server closes meanwhile would look like a lost answer", async () => {
  const url = await serveRaw((socket) => {
    socket.on("data", () => socket.resetAndDestroy());
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nkeep-alive: timeout=60\r\n\r\n[]");
  });
  for (let round = 0; round < 5; round++) expect(await send(url)).toMatchObject({ kind: "answer", status: 200 });
});

test("no more calls at once than agreed; who waits too long is not sent", async () => {
  const waiting: ServerResponse[] = [];
  const url = await serve((_, response) => void waiting.push(response));
  const limited = transport(url, { gate: new Gate(2) });
  const call = (startWithinMs: number) =>
    limited.asServer((client) => client.getServer(), { startWithinMs, timeoutMs: 5000 });
  const first = [call(2000), call(2000)];
  expect(await call(30)).toEqual({ kind: "not_sent", cause: "it was too late to begin", late: true });
  expect(waiting).toHaveLength(2);
  for (const response of waiting) json(response, 200, {});
  expect(await Promise.all(first)).toMatchObject([{ status: 200 }, { status: 200 }]);
  const after = call(2000);
  await expect.poll(() => waiting.length).toBe(3);
  json(waiting[2] as ServerResponse, 200, {}); // there by the line above
  expect(await after).toMatchObject({ status: 200 });
});

test("no request is opened after its moment", async () => {
  let requests = 0;
  const url = await serve((_, response) => {
    requests += 1;
    json(response, 200, []);
  });
  expect(await send(url, { startWithinMs: -1 })).toMatchObject({ kind: "not_sent" });
  expect(requests).toBe(0);
});

test("nothing is written on a connection that was opened in time, when the moment has passed since", async () => {
  let requests = 0;
  const url = await serve((_, response) => {
    requests += 1;
    json(response, 200, []);
  });
  // As if the process had been stopped between the two.
  const stopped = () => {
    const untilMs = performance.now() + 300;
    while (performance.now() < untilMs);
  };
  diagnostics.subscribe("undici:client:connected", stopped);
  try {
    expect(await send(url, { startWithinMs: 200 })).toMatchObject({ kind: "not_sent" });
  } finally {
    diagnostics.unsubscribe("undici:client:connected", stopped);
  }
  expect(await send(url, { startWithinMs: 1_000 })).toMatchObject({ kind: "answer" });
  expect(requests).toBe(1);
});

test("the token is taken out of whatever the other side says, in any case", async () => {
  const url = await serve((_, response) =>
    json(response, 422, { ErrorCode: 300, Message: `no ${token} or ${token.toUpperCase()}` }),
  );
  expect(await send(url)).toMatchObject({ body: { Message: "no [token] or [token]" } });
});

test("two transports of one process keep their own hosts", async () => {
  const seen: string[] = [];
  const [first, second] = await Promise.all(
    ["a", "b"].map((name) =>
      serve((_, response) => {
        seen.push(name);
        json(response, 200, []);
      }),
    ),
  );
  await send(first ?? "");
  await send(second ?? "");
  await send(first ?? "");
  expect(seen).toEqual(["a", "b", "a"]);
});
