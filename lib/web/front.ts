import "server-only";
import cluster from "node:cluster";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { startDispatcher } from "../dispatch";
import { env } from "../env";
import { drainIntake } from "../events";
import { log } from "../log";
import { frontDoor } from "./front-door";
import { keepHouse } from "./housekeeping";
import { drainOnSignal, refuseToStart, refuseUnlessReady, runCluster } from "./process";
import { newRequestId } from "./request";

/** How long a client may take to send its headers, and a whole request; and how long an idle connection stays open. */
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 30_000;
const keepAliveTimeoutMs = 65_000;
/** How long calls to a provider may still take when the process is asked to stop. */
const dispatcherMsMax = 12_000;

/**
 * The server process: one listener, one port. It starts the dispatcher, and ends what it has begun before it stops. `open`: what answers
 * where the front door does not; Next, but for tests of machine paths.
 */
export async function main({ dev, open = startNext }: { dev: boolean; open?: typeof startNext }): Promise<void> {
  if (cluster.isPrimary) await refuseUnlessReady();
  const { webConcurrency } = env();
  if (cluster.isPrimary && webConcurrency > 1 && !dev) return runCluster(webConcurrency);
  const app = await open(dev);
  const server = listen(app.handler);
  const endHousekeeping = keepHouse();
  const dispatcher = env().dispatcher ? startDispatcher({ kind: "server" }) : null;
  drainOnSignal(async () => {
    endHousekeeping();
    await Promise.all([closed(server), dispatcher?.stop({ withinMs: dispatcherMsMax })]);
    await drainIntake();
    // Development keeps watchers and workers of its own.
    if (dev) await app.close();
  });
}

/** Next behind the front door. Its own signal handling stays off: see `drainOnSignal`. */
async function startNext(dev: boolean): Promise<{ handler: RequestListener; close: () => Promise<void> }> {
  const { default: next } = await import("next");
  const { host, port } = env();
  const app = next({ dev, dir: process.cwd(), hostname: host, port });
  await app.prepare();
  const handle = app.getRequestHandler();
  return { handler: (incoming, outgoing) => void handle(incoming, outgoing), close: () => app.close() };
}

function listen(rest: RequestListener): Server {
  const { host, port } = env();
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 2_000,
    },
    frontDoor(rest),
  );
  server.on("clientError", refuseBytes);
  server.on("error", (thrown: NodeJS.ErrnoException) =>
    refuseToStart(
      thrown.code === "EADDRINUSE"
        ? `PORT ${port} on ${host} is in use: set PORT to a free one.`
        : `HOST ${host} and PORT ${port} cannot be listened on: ${thrown.message}.`,
    ),
  );
  server.listen(port, host, () => {
    const { port: open } = server.address() as AddressInfo; // a listening TCP server has one
    log.info("listening", { url: `http://${host.includes(":") ? `[${host}]` : host}:${open}`, pid: process.pid });
  });
  return server;
}

const unreadable: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "The address and the headers of the request are larger than 16 KB together.",
};

/** What is no HTTP, or does not arrive in time, before any handler sees it. */
function refuseBytes(thrown: NodeJS.ErrnoException, socket: Socket): void {
  if (thrown.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const [status, error, detail] =
    thrown.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? ["408 Request Timeout", "timeout", "The request took too long to arrive."]
      : ["400 Bad Request", "validation_error", unreadable[thrown.code ?? ""] ?? "The request could not be read."];
  const requestId = newRequestId();
  const fields = error === "validation_error" ? { fields: {} } : {};
  const body = JSON.stringify({ error, detail, ...fields, request_id: requestId });
  const headers = [
    `HTTP/1.1 ${status}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    `X-Request-Id: ${requestId}`,
  ];
  socket.end(`${headers.join("\r\n")}\r\n\r\n${body}`);
}

/** Stops listening; resolves once every request under way is answered. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    // Connections that are answered while we stop would otherwise stay open, waiting for more.
    const sweep = setInterval(() => server.closeIdleConnections(), 100);
    server.once("close", () => clearInterval(sweep));
  });
}
