import "server-only";
import http from "node:http";
import https from "node:https";

/** What a receiver answered, or why there was no answer. */
export type HookAnswer = { status: number | null; reason: string; durationMs: number };
export type HookRequest = {
  url: string;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
  /** Wait for 100 Continue before the body, as Postmark does; small servers mishandle it. */
  expectContinue: boolean;
};

const redirectsMax = 10;
// .NET, and so probably Postmark, sends the body anyway after this wait.
const continueWaitMs = 350;
// Shorter than Node's own five seconds on the other side, so that a reused connection is still there.
const agents = {
  "http:": new http.Agent({ keepAlive: true, timeout: 2000 }),
  "https:": new https.Agent({ keepAlive: true, timeout: 2000 }),
};

/** Whether a URL stays on this machine. */
export function isLoopbackUrl(url: URL): boolean {
  const host = url.hostname.toLowerCase();
  return host === "localhost" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** Posts one event, follows up to ten redirects, and never connects to anything but loopback. Does not throw. */
export async function postHook(request: HookRequest): Promise<HookAnswer> {
  const startedMs = Date.now();
  const finish = (status: number | null, reason: string) => ({ status, reason, durationMs: Date.now() - startedMs });
  const signal = AbortSignal.timeout(request.timeoutMs);
  let [url, method] = [new URL(request.url), "POST"];
  try {
    for (let hop = 0; hop <= redirectsMax; hop++) {
      if (!isLoopbackUrl(url)) return finish(null, "The sandbox calls loopback addresses only.");
      const answer = await once(url, method, request, signal);
      if (answer.status < 300 || answer.status > 399 || !answer.location)
        return finish(answer.status, http.STATUS_CODES[answer.status] ?? "");
      url = new URL(answer.location, url);
      // As browsers and .NET do: only 307 and 308 repeat the POST.
      if (answer.status !== 307 && answer.status !== 308) method = "GET";
    }
    return finish(null, "Too many redirects.");
  } catch (error) {
    if (signal.aborted) return finish(null, "Timed out.");
    return finish(null, error instanceof Error ? error.message : String(error));
  }
}

type Reply = { status: number; location: string | undefined };

async function once(url: URL, method: string, request: HookRequest, signal: AbortSignal): Promise<Reply> {
  try {
    return await exchange(url, method, request, signal, true);
  } catch (error) {
    // The receiver closed an idle connection just as it was taken: nothing was sent, so ask again on a fresh one.
    if (error instanceof StaleConnection) return exchange(url, method, request, signal, false);
    throw error;
  }
}

class StaleConnection extends Error {}

function exchange(url: URL, method: string, request: HookRequest, signal: AbortSignal, reuse: boolean): Promise<Reply> {
  const secure = url.protocol === "https:";
  const expects = request.expectContinue && method === "POST";
  const body = method === "POST" ? Buffer.from(request.body) : Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, ...(method === "POST" ? { "Content-Length": String(body.length) } : {}) };
    const sent = (secure ? https : http).request({
      // Numbers and names of a URL: brackets belong to the notation, not to the address.
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port || (secure ? 443 : 80),
      path: url.pathname + url.search,
      method,
      headers: expects ? { ...headers, Expect: "100-continue" } : headers,
      agent: reuse ? agents[secure ? "https:" : "http:"] : false,
      signal,
    });
    let wait: NodeJS.Timeout | undefined;
    const sendBody = () => {
      clearTimeout(wait);
      if (!sent.writableEnded) sent.end(body);
    };
    sent.on("response", (response) => {
      clearTimeout(wait);
      sendBody();
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, location: response.headers.location }));
      response.on("error", reject);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(wait);
      reject(sent.reusedSocket && error.code === "ECONNRESET" ? new StaleConnection(error.message) : error);
    });
    if (!expects) return sendBody();
    sent.on("continue", sendBody);
    sent.flushHeaders();
    wait = setTimeout(sendBody, continueWaitMs);
  });
}

/** The headers every event and probe carries, authentication included; the URL comes back without its userinfo. */
export function addressHook(
  webhook: {
    url: string;
    auth: { username: string; password: string } | null;
    headers: { name: string; value: string }[];
  },
  ids: { eventId: string; traceId: string; retriesRemaining: number },
): { url: string; headers: Record<string, string> } {
  const url = new URL(webhook.url);
  const userinfo = url.username
    ? { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
    : null;
  const auth = webhook.auth ?? userinfo;
  url.username = "";
  url.password = "";
  const headers: Record<string, string> = {
    ...Object.fromEntries(webhook.headers.map((h) => [h.name, h.value])),
    "Content-Type": "application/json",
    "User-Agent": "Postmark",
    "Accept-Encoding": "gzip, deflate",
    "X-PM-Webhook-Event-Id": ids.eventId,
    "X-PM-Webhook-Trace-Id": ids.traceId,
    "X-PM-Retries-Remaining": String(ids.retriesRemaining),
  };
  if (auth) headers.Authorization = `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
  return { url: url.href, headers };
}
