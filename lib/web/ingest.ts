import "server-only";
import { type Actor, allow } from "../actor";
import { AppError } from "../errors";
import { type Answer, eventCount, type Form, ingestRequest } from "../events";
import { identifyOperation, sendEventOperation, sendEventsOperation } from "../events/operations";
import { batchBytesMax, eventBytesMax, looksPlain } from "../events/schema";
import { answer, type Headers, refuse } from "./answer";
import { countRequest } from "./counters";
import { intakeIdempotency } from "./idempotency";
import { findCached, forgetKey, secretOf } from "./keys";
import type { Described } from "./operations-list";
import { takeRate, tellRate } from "./rate-limit";
import { bodyHash, idempotencyKeyOf, readBody, readJson, requestIdOf } from "./request";
import type { Handler } from "./route";

type Ingest = { form: Form; bytesMax: number };

/** Browsers of any site may send events: what a publishable key can do is limited by its kind. */
const cors: Headers = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "X-Request-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
};

/** How often a request's key may be found outdated before it is given up. */
const triesMax = 5;

/**
 * The handler of an intake operation. Beside `serve`: the key may come from memory, because the statement that writes compares the
 * workspace's version; the rate limit counts events; requests are stored in groups, with their idempotent answers.
 */
function serveIngest(operation: Described, { form, bytesMax }: Ingest): Handler {
  return async (request) => {
    const requestId = requestIdOf(request);
    const headers: Headers = { "x-request-id": requestId, ...cors };
    try {
      const receivedAtMs = Date.now();
      const secret = secretOf(request);
      const { actor } = await findCached(secret);
      tellRate(actor, headers);
      const body = await readBody(request, bytesMax);
      const parsed = readJson(body.text);
      const tenant = allow(actor, operation.permission);
      await takeRate(actor, eventCount(form, parsed), headers);
      const key = idempotencyKeyOf(request);
      const scope = `POST ${operation.path}`;
      const idempotency = key && intakeIdempotency(tenant, { scope, key, bodyHash: bodyHash(body.text) });
      const plain = looksPlain(body.text);
      const reply = await store(secret, actor, {
        form,
        body: parsed,
        bodyBytes: body.bytes,
        plain,
        receivedAtMs,
        requestId,
        idempotency: idempotency || null,
      });
      countRequest(operation.id, reply.status);
      return answer(reply.status, reply.body, headers);
    } catch (thrown) {
      return refuse(thrown, { requestId, operation: operation.id, headers });
    }
  };
}

export const postEvent = serveIngest(sendEventOperation, { form: "event", bytesMax: eventBytesMax });
export const postEvents = serveIngest(sendEventsOperation, { form: "batch", bytesMax: batchBytesMax });
export const postIdentify = serveIngest(identifyOperation, { form: "identify", bytesMax: eventBytesMax });

/** Answers what browsers ask before they send. */
export const preflight = async (request: Request): Promise<Response> =>
  new Response(null, {
    status: 204,
    headers: {
      "x-request-id": requestIdOf(request),
      ...cors,
      "access-control-allow-methods": "POST, OPTIONS",
      "access-control-allow-headers": "Authorization, Content-Type, X-Idempotency-Key, X-Request-Id",
      "access-control-max-age": "86400",
    },
  });

async function store(secret: string, known: Actor, request: Parameters<typeof ingestRequest>[1]): Promise<Answer> {
  let actor = known;
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const outcome = await ingestRequest(actor, request);
    if (outcome !== "stale") return outcome;
    // Something of the workspace changed, perhaps this key: it is looked up again, and refused where it was revoked.
    forgetKey(secret);
    actor = (await findCached(secret)).actor;
  }
  throw new AppError("unavailable", undefined, { retryAfterSeconds: 1, note: "the workspace keeps changing" });
}
