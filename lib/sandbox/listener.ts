import "server-only";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, json, refuse } from "./answer";
import { serveControl } from "./control";
import { servePages } from "./pages";
import { serveApi } from "./pipeline";
import { serveRecipient } from "./recipient-pages";
import { type Wire, write } from "./wire";
import type { Worlds } from "./worlds";

const bodyBytesMax = 51 * 1024 * 1024;

export type Keys = { controlKey: string; csrf: string };
export type Listener = { port: number; serve(worlds: Worlds): void; close(): Promise<void> };

/** Opens the one listener, on 127.0.0.1 and nowhere else. Throws when the port is taken. */
export async function listen(port: number, keys: Keys, report: (cause: unknown) => void): Promise<Listener> {
  let worlds: Worlds | undefined;
  const server = http.createServer((request, response) => {
    const wire = { request, response };
    if (!worlds) return void write(wire, json({ error: "Starting." }, 503));
    route(wire, worlds, keys).catch((cause) => {
      if (request.destroyed || response.destroyed) return;
      report(cause);
      if (response.headersSent) response.destroy();
      else write(wire, refuse(101, "Sandbox text: the sandbox failed. Error ID: 0.", { status: 500 })).catch(report);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo; // a TCP server has no other kind
  return {
    port: address.port,
    serve(found) {
      worlds = found;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function route(wire: Wire, worlds: Worlds, keys: Keys): Promise<void> {
  const { request } = wire;
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://sandbox");
  const headers = singleHeaders(request);
  // A page elsewhere may point its own name at 127.0.0.1; this turns it away.
  if (!isLoopbackHost(headers.host)) return write(wire, json({ error: "This sandbox serves loopback only." }, 403));
  const [, named, rest] = /^\/t\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
  const path = named === undefined ? pathname : (rest ?? "/");
  const method = request.method ?? "GET";
  const readBody = () => read(wire.request, wire.response);
  if (path === "/__emu" || path.startsWith("/__emu/")) {
    const { body } = await readBody();
    const call = { method, path: path.slice("/__emu".length), authorization: headers.authorization, body };
    return write(wire, await serveControl({ ...call, worldName: named }, worlds, keys.controlKey));
  }
  const world = worlds.state(named ?? "default");
  if (!world) return write(wire, json({ error: "No such world; the control plane makes them." }, 404));
  const page = { method, path, query: searchParams, headers, readBody };
  const answer: Answer | undefined = path.startsWith("/emu/")
    ? await serveRecipient(world, page)
    : await servePages(world, page, keys.csrf);
  return answer ? write(wire, answer) : serveApi(world, page, wire);
}

function singleHeaders(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

function isLoopbackHost(host: string | undefined): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host ?? "");
}

/** Reads a body to its end; what exceeds the largest allowed is dropped and said so. */
async function read(request: IncomingMessage, response: ServerResponse): Promise<{ body: Buffer; tooLong: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= bodyBytesMax) chunks.push(chunk);
  }
  if (response.destroyed) throw new Error("The caller went away.");
  return { body: Buffer.concat(chunks), tooLong: size > bodyBytesMax };
}
