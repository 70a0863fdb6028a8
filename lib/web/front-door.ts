import "server-only";
import { type IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import { BlockList, isIP } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { AppError } from "../errors";
import { log } from "../log";
import { refuse, writtenOf } from "./answer";
import { healthRoute, readyRoute } from "./health";
import { postEvent, postEvents, postIdentify, preflight } from "./ingest";
import { methodsOf } from "./methods";
import { metricsRoute } from "./metrics";
import { newRequestId } from "./request";
import { type Handler, nothingHere, otherMethod } from "./route";
import { unsubscribeRoute } from "./unsubscribe";
import { webhookRoute } from "./webhook";

type Methods = Partial<Record<string, Handler>>;

const ingest = (POST: Handler): Methods => ({ POST, OPTIONS: preflight });
/** The machine paths, answered without going through Next: that is where its ceiling would be felt. The rest of the API is Next's. */
const hot: Record<string, Methods> = {
  "/v1/events": ingest(postEvent),
  "/v1/events/batch": ingest(postEvents),
  "/v1/identify": ingest(postIdentify),
  // Here, because this copy of the code does the intake that they tell about.
  "/api/health": { GET: healthRoute },
  "/api/ready": { GET: readyRoute },
  "/api/metrics": { GET: metricsRoute },
};
const webhookPath = /^\/api\/webhooks\/([^/]+)\/data_connections\/([^/]+)\/[a-z]+$/;
/** Here too: after a large mailing, mailbox providers bring unsubscribes as fast as webhooks come. */
const unsubscribePath = /^\/u\/([^/]+)$/;

/** What the server answers with: the hot paths by itself, all else by `rest`. */
export function frontDoor(rest: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    const found = isReadable(incoming) ? handlerOf(incoming) : unreadable;
    if (found === null) {
      nameCaller(incoming);
      return rest(incoming, outgoing);
    }
    return found(incoming, outgoing);
  };
}

/** Next answers an address with a broken escape (`%ff`, `%`) with a bare 500, and takes one with `..` for another. */
function isReadable({ url = "" }: IncomingMessage): boolean {
  const path = url.split("?", 1)[0] ?? "";
  if (!path.includes("%") && !path.includes("/.")) return true;
  try {
    return !/\/\.{1,2}(?:\/|$)/.test(decodeURIComponent(path));
  } catch {
    return false;
  }
}

const inside = new BlockList();
for (const [net, bits] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  inside.addSubnet(net, bits);
inside.addAddress("::1", "ipv6");
inside.addSubnet("fc00::", 7, "ipv6");

/**
 * Who connects from outside is named last in X-Forwarded-For, whatever the header claims; a proxy on this host or network has named its
 * caller already. Sign-in counts failures by that last entry.
 */
function nameCaller(incoming: IncomingMessage): void {
  const { headers, rawHeaders, socket } = incoming;
  const address = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  if (isIP(address) === 0 || inside.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")) return;
  headers["x-forwarded-for"] = [headers["x-forwarded-for"], address].filter(Boolean).join(", ");
  rawHeaders.push("x-forwarded-for", address); // what our own handlers are given is made of these
}

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

const listeners = new Map<Handler, Listener>();
/** One listener for each handler without parameters in its path. */
function listenerOf(handler: Handler): Listener {
  const made = listeners.get(handler) ?? toListener(handler, {});
  listeners.set(handler, made);
  return made;
}

function handlerOf({ url = "", method = "" }: IncomingMessage): Listener | null {
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  const handler = hot[path]?.[method];
  if (handler) return listenerOf(handler);
  const [, token] = unsubscribePath.exec(path) ?? [];
  if (token) return unsubscribeListener(token);
  const [, workspaceId, connectionId] = (method === "POST" && webhookPath.exec(path)) || [];
  if (workspaceId && connectionId) return toListener(webhookRoute, { workspaceId, connectionId });
  const allowed = methodsOf(path, Object.keys(hot[path] ?? {}));
  return allowed.length > 0 && !allowed.includes(method) ? toListener(otherMethod(allowed), {}) : null;
}

/** It counts by caller. */
function unsubscribeListener(token: string): Listener {
  const listener = toListener(unsubscribeRoute, { token });
  return (incoming, outgoing) => {
    nameCaller(incoming);
    listener(incoming, outgoing);
  };
}

/** Whatever the path was to be, nothing stands there. */
const unreadable = toListener(nothingHere, {});

function toListener(handler: Handler, params: Record<string, string>): Listener {
  const context = { params: Promise.resolve(params) };
  const respond = async (request: Request, { outgoing }: { outgoing: unknown }): Promise<Response> => {
    const response = await handler(request, context);
    const written = writtenOf(response);
    if (written === undefined || !(outgoing instanceof ServerResponse) || outgoing.destroyed) return response;
    outgoing.writeHead(written.status, { ...written.headers, "content-length": Buffer.byteLength(written.text) });
    outgoing.end(written.text);
    return RESPONSE_ALREADY_SENT;
  };
  return getRequestListener(respond, {
    // Next lives in the same process and keeps its own ideas of Request and Response.
    overrideGlobalObjects: false,
    errorHandler: (thrown) => {
      log.warn("a request could not be read", { error: String(thrown) });
      const requestId = newRequestId();
      const refused = new AppError("validation_error", "The request could not be read.");
      return refuse(refused, { requestId, operation: "none", headers: { "x-request-id": requestId } });
    },
  });
}
