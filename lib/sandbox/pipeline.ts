import "server-only";
import { type Answer, empty, json, refuse } from "./answer";
import { type Call, noEffects } from "./call";
import { perform, trap } from "./fault-actions";
import { chooseFault, effectsOf } from "./faults";
import { findRoute, type Route } from "./routes";
import type { RequestLog, WorldState } from "./state";
import { type Wire, write } from "./wire";

const testToken = "postmark_api_test";
const requestsKept = 5000;

export type Incoming = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  /** Reads the request's body; longer than anything allowed: `tooLong`. */
  readBody: () => Promise<{ body: Buffer; tooLong: boolean }>;
};

/** One call of the emulated API, in Postmark's order: route, faults, token, headers, size, JSON, handler. */
export async function serveApi(addressed: WorldState, asked: Incoming, wire: Wire): Promise<void> {
  const startedMs = Date.now();
  const incoming = followed(addressed, asked);
  const found = findRoute(incoming.method, incoming.path);
  const token = incoming.headers[tokenHeader(found.kind === "route" ? found.route : undefined)]?.trim();
  // A token of a sibling server leads to that server under the same address.
  const world = ownerOf(addressed, token);
  const log = (answer: Answer | null, more?: { fault?: string; call?: Call }) =>
    note(world, incoming, { token, answer, startedMs, ...more });
  if (found.kind !== "route") {
    const answer = found.kind === "wrongMethod" ? empty(405) : json({}, 404);
    log(answer);
    return write(wire, answer);
  }
  const { route, params } = found;
  const { body, tooLong } = await incoming.readBody();
  const query = firstOfEach(incoming.query);
  const faults = world === addressed ? world.faults : [...addressed.faults, ...world.faults];
  const stream = query.get("messagestream") ?? /^\/message-streams\/([^/]+)/i.exec(incoming.path)?.[1];
  const fault =
    incoming !== asked
      ? undefined
      : chooseFault(world, faults, {
          method: incoming.method,
          path: incoming.path,
          token,
          isSend: route.isSend,
          stream,
          body,
        });
  const call: Call = {
    ...incoming,
    params,
    query,
    body,
    tooLong,
    json: undefined,
    testToken: token?.toLowerCase() === testToken,
    effects: fault ? effectsOf(fault) : noEffects,
  };
  const run = () => answerCall(world, route, call, token);
  if (!fault) {
    const answer = await run();
    log(answer, { call });
    return write(wire, answer);
  }
  const answer = await perform(world, fault, run, wire);
  log(answer, { fault: fault.rule.action, call });
}

/** Who follows a redirect of ours is noted, and served as if the call had come to the right place. */
function followed(world: WorldState, incoming: Incoming): Incoming {
  const [, faultId, path] = trap.exec(incoming.path) ?? [];
  if (path === undefined) return incoming;
  const fault = [world, ...world.siblings].flatMap(({ faults }) => faults).find(({ id }) => id === faultId);
  if (fault) fault.followed += 1;
  return { ...incoming, path };
}

async function answerCall(world: WorldState, route: Route, call: Call, token: string | undefined): Promise<Answer> {
  if (!isGoodToken(world, route, call, token))
    return refuse(10, `Request does not contain a valid ${route.family === "account" ? "Account" : "Server"} token.`, {
      status: 401,
    });
  if (!acceptsJson(call.headers.accept)) return empty(415);
  if (route.json && !/^application\/json\b/i.test(call.headers["content-type"] ?? "")) return empty(415);
  if (call.tooLong || call.body.length > route.bytesMax) return empty(413);
  if (route.json) {
    const parsed = parse(call.body);
    if ("refusal" in parsed) return parsed.refusal;
    call.json = parsed.value;
  }
  if (route.isSend && world.settings.ipRefused)
    return refuse(1480, "Sandbox text: this IP address may not send: 203.0.113.9.");
  return route.run(world, call);
}

const tokenHeader = (route: Route | undefined) =>
  route?.family === "account" ? "x-postmark-account-token" : "x-postmark-server-token";

const same = (a: string, b: string | undefined) => a.toLowerCase() === b?.toLowerCase();

function isGoodToken(world: WorldState, route: Route, call: Call, token: string | undefined): boolean {
  if (route.family === "account") return same(world.accountToken, token);
  return (call.testToken && route.isSend) || world.serverTokens.some((t) => same(t, token));
}

function ownerOf(world: WorldState, token: string | undefined): WorldState {
  return world.siblings.find((w) => w.serverTokens.some((t) => same(t, token))) ?? world;
}

/** Keys in lower case, in the caller's order; of repeated ones the first. */
function firstOfEach(query: URLSearchParams): Map<string, string> {
  const first = new Map<string, string>();
  for (const [key, value] of query) if (!first.has(key.toLowerCase())) first.set(key.toLowerCase(), value);
  return first;
}

function acceptsJson(accept: string | undefined): boolean {
  return accept !== undefined && /(application\/json|application\/\*|\*\/\*)/i.test(accept);
}

function parse(body: Buffer): { value: unknown } | { refusal: Answer } {
  try {
    return { value: JSON.parse(body.toString("utf8")) };
  } catch {
    return { refusal: refuse(402, "Sandbox text: the body is not valid JSON.") };
  }
}

function note(
  world: WorldState,
  incoming: Incoming,
  what: { token: string | undefined; answer: Answer | null; startedMs: number; fault?: string; call?: Call },
): void {
  const code = what.answer?.headers["X-PM-ApiErrorCode"];
  const entry: RequestLog = {
    atMs: world.clock.nowMs(),
    method: incoming.method,
    path: incoming.path,
    query: incoming.query.toString(),
    token: what.token ? `…${what.token.slice(-4)}` : null,
    items: Array.isArray(what.call?.json) ? what.call.json.length : null,
    status: what.answer?.status ?? null,
    errorCode: code === undefined ? null : Number(code),
    fault: what.fault ?? null,
    durationMs: Date.now() - what.startedMs,
  };
  world.requests.push(entry);
  if (world.requests.length > requestsKept + 500) world.requests.splice(0, 500);
}
