import "server-only";
import { type Answer, json, refuse } from "./answer";
import type { Call } from "./call";
import { probe } from "./probe";
import { triggerNames } from "./schema";
import { touch, type Webhook, type WorldState } from "./state";
import { findStream, unknownStream } from "./streams";
import { isObject } from "./validate";
import { isRefusal, mergeTriggers, noTriggers, readWebhook } from "./webhook-input";

const perStreamMax = 10;

/** `GET /webhooks`: all, or of one stream that must exist. */
export function listWebhooks(world: WorldState, call: Call): Answer {
  const named = call.query.get("messagestream");
  const stream = named ? findStream(world, named) : undefined;
  if (named && !stream) return unknownStream();
  const found = world.webhooks.filter((w) => !stream || w.stream === stream.id);
  return json({ Webhooks: found.map((w) => shown(world, w)) });
}

/** `GET /webhooks/{id}` */
export function getWebhook(world: WorldState, call: Call): Answer {
  const webhook = findWebhook(world, call);
  return webhook ? json(shown(world, webhook)) : notFound();
}

/** `POST /webhooks`: with Verify (default) every enabled trigger is probed, and one failure saves nothing (1364). */
export async function createWebhook(world: WorldState, call: Call): Promise<Answer> {
  if (!isObject(call.json)) return no(1355, "the body is missing.");
  if (call.json.ID !== undefined) return no(1356, "ID may not be given.");
  if (call.json.Status !== undefined) return no(1363, "Status may not be given.");
  const input = readWebhook(call.json);
  if (isRefusal(input)) return input.refusal;
  if (!input.url) return no(1354, "Url must be an absolute http or https URL.");
  const stream = findStream(world, input.stream ?? "outbound");
  if (!stream) return unknownStream();
  if (stream.type === "Inbound") return no(1351, "webhooks are not for inbound streams.");
  if (stream.archivedAtMs !== null) return no(1350, "the stream is archived.");
  if (world.webhooks.filter((w) => w.stream === stream.id).length >= perStreamMax)
    return no(1359, "the maximum number of webhooks for this stream was reached.");
  const webhook: Webhook = {
    id: 0,
    url: input.url,
    stream: stream.id,
    verified: true,
    auth: input.auth ?? null,
    headers: input.headers ?? [],
    triggers: mergeTriggers(noTriggers(), input.triggers),
    failures: {},
    paused: [],
  };
  const refusal = await verified(world, webhook, wantsProbe(call, input.verify));
  if (refusal) return refusal;
  world.counters.webhook += 1;
  webhook.id = 900_000 + world.counters.webhook;
  world.webhooks.push(webhook);
  touch(world);
  return json(shown(world, webhook));
}

/** `PUT /webhooks/{id}`: given triggers are merged, and all is probed again before anything changes. */
export async function editWebhook(world: WorldState, call: Call): Promise<Answer> {
  const webhook = findWebhook(world, call);
  if (!webhook) return notFound();
  if (!isObject(call.json)) return no(1355, "the body is missing.");
  if (call.json.ID !== undefined && call.json.ID !== webhook.id) return no(1357, "ID cannot be changed.");
  if (call.json.Status !== undefined) return no(1363, "Status may not be given.");
  const input = readWebhook(call.json);
  if (isRefusal(input)) return input.refusal;
  if (input.stream !== undefined && input.stream !== webhook.stream)
    return no(1357, "MessageStream cannot be changed.");
  const changed: Webhook = {
    ...webhook,
    url: input.url ?? webhook.url,
    auth: input.auth === undefined ? webhook.auth : input.auth,
    headers: input.headers ?? webhook.headers,
    triggers: mergeTriggers(webhook.triggers, input.triggers),
  };
  const refusal = await verified(world, changed, wantsProbe(call, input.verify));
  if (refusal) return refusal;
  Object.assign(webhook, changed);
  touch(world);
  return json(shown(world, webhook));
}

/** `DELETE /webhooks/{id}` */
export function deleteWebhook(world: WorldState, call: Call): Answer {
  const webhook = findWebhook(world, call);
  if (!webhook) return notFound();
  world.webhooks.splice(world.webhooks.indexOf(webhook), 1);
  touch(world);
  return json({ ErrorCode: 0, Message: `Webhook ${webhook.id} removed.` });
}

/** `POST /webhooks/{id}/verify`: 200 even when it fails. What was held for a paused type is lost. */
export async function verifyWebhook(world: WorldState, call: Call): Promise<Answer> {
  const webhook = findWebhook(world, call);
  if (!webhook) return notFound();
  const report = await probe(world, webhook);
  webhook.verified = report.Success;
  if (report.Success) {
    webhook.paused = [];
    webhook.failures = {};
    for (const delivery of world.hooks)
      if (delivery.webhookId === webhook.id && delivery.state === "held") delivery.state = "dropped";
  }
  touch(world);
  return json(report);
}

const no = (code: number, why: string) => refuse(code, `Sandbox text: ${why}`);
const notFound = () => no(1352, "webhook not found.");

function findWebhook(world: WorldState, call: Call): Webhook | undefined {
  return world.webhooks.find((w) => String(w.id) === call.params[0]);
}

/** The body's field counts; the query form is mentioned by Postmark's own error text. */
function wantsProbe(call: Call, verify: boolean | undefined): boolean {
  return verify ?? (call.query.get("verify") ?? "true").toLowerCase() !== "false";
}

async function verified(world: WorldState, webhook: Webhook, wanted: boolean): Promise<Answer | null> {
  if (world.settings.verification === "off") return null;
  webhook.verified = wanted;
  if (!wanted) return null;
  const { Message, ...report } = await probe(world, webhook);
  return report.Success ? null : refuse(1364, Message, { body: report });
}

/** As Postmark shows it: secrets in clear. */
function shown(world: WorldState, webhook: Webhook) {
  const Triggers = Object.fromEntries(
    triggerNames.map((name) => {
      const { enabled, postFirstOpenOnly, includeContent } = webhook.triggers[name];
      if (name === "Open") return [name, { Enabled: enabled, PostFirstOpenOnly: postFirstOpenOnly ?? false }];
      if (name === "Bounce" || name === "SpamComplaint")
        return [name, { Enabled: enabled, IncludeContent: includeContent ?? false }];
      return [name, { Enabled: enabled }];
    }),
  );
  return {
    ID: webhook.id,
    Url: webhook.url,
    MessageStream: webhook.stream,
    ...(world.settings.verification === "off" ? {} : { Status: webhook.verified ? "verified" : "unverified" }),
    HttpAuth: webhook.auth && { Username: webhook.auth.username, Password: webhook.auth.password },
    HttpHeaders: webhook.headers.map((h) => ({ Name: h.name, Value: h.value })),
    Triggers,
  };
}
