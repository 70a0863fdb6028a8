import "server-only";
import { stringify } from "./answer";
import { addressHook, postHook } from "./hook-request";
import { bouncePayload, clickPayload, deliveryPayload, openPayload, subscriptionPayload } from "./payloads";
import type { TriggerName } from "./schema";
import type { Bounce, Message, Webhook, WorldState } from "./state";

export type ProbeReport = {
  Id: number;
  Url: string;
  Success: boolean;
  Results: { TriggerType: TriggerName; Success: boolean; StatusCode: number; Message: string }[];
  Message: string;
};

const probeTimeoutMs = 10_000;
const order: TriggerName[] = ["Delivery", "Open", "Click", "SubscriptionChange", "Bounce", "SpamComplaint"];

/** Posts one made-up event per enabled trigger. Each must be answered by exactly 200: a 204 fails. */
export async function probe(world: WorldState, webhook: Webhook): Promise<ProbeReport> {
  const wanted = order.filter((type) => webhook.triggers[type].enabled);
  const Results: ProbeReport["Results"] = [];
  for (const type of wanted) {
    const ids = { eventId: world.chance.guid(), traceId: world.chance.guid(), retriesRemaining: 0 };
    const answer = await postHook({
      ...addressHook(webhook, ids),
      body: stringify(samplePayload(world, webhook, type)),
      timeoutMs: Math.min(probeTimeoutMs, world.settings.hookTimeoutMs),
      expectContinue: world.settings.expectContinue,
    });
    Results.push({
      TriggerType: type,
      Success: answer.status === 200,
      StatusCode: answer.status ?? 0,
      Message: answer.reason,
    });
  }
  const good = Results.filter((r) => r.Success).length;
  return {
    Id: webhook.id,
    Url: webhook.url,
    Success: good === wanted.length,
    Results,
    Message: `${good}/${wanted.length} triggers verified successfully`,
  };
}

/** An event about a message that never was: receivers must take those too. */
function samplePayload(world: WorldState, webhook: Webhook, type: TriggerName): Record<string, unknown> {
  const atMs = world.clock.nowMs();
  const recipient = "john@example.com";
  const message = sampleMessage(world, webhook.stream, recipient);
  const emptyGeo = false;
  switch (type) {
    case "Delivery":
      return deliveryPayload(world, message, recipient, atMs);
    case "Open":
      return openPayload(message, { recipient, atMs, first: true, emptyGeo });
    case "Click":
      return clickPayload(message, { recipient, atMs, link: "https://example.com", location: "HTML", emptyGeo });
    case "SubscriptionChange": {
      const suppression = {
        email: recipient,
        reason: "ManualSuppression",
        origin: "Recipient",
        createdAtMs: atMs,
        visibleFromMs: atMs,
        goneFromMs: null,
      } as const;
      return subscriptionPayload(world, { stream: webhook.stream, suppression, suppressed: true, message, atMs });
    }
    case "Bounce":
      return bouncePayload(world, sampleBounce(message, "HardBounce", atMs));
    case "SpamComplaint":
      return bouncePayload(world, sampleBounce(message, "SpamComplaint", atMs));
  }
}

function sampleMessage(world: WorldState, stream: string, email: string): Message {
  return {
    id: world.chance.guid(),
    stream,
    from: { email: "sender@example.com", name: null },
    to: email,
    cc: undefined,
    bcc: undefined,
    recipients: [{ email, name: null, field: "To", skipped: false }],
    subject: "Test subject",
    tag: "Test",
    html: null,
    text: "Test",
    replyTo: null,
    headers: [],
    metadata: { example: "value" },
    trackOpens: true,
    trackLinks: "None",
    attachments: [],
    acceptedAtMs: world.clock.nowMs(),
    status: "Sent",
    sandboxed: false,
    events: [],
    heldBy: null,
    indexLag: null,
  };
}

function sampleBounce(message: Message, type: string, atMs: number): Bounce {
  return {
    id: 42n,
    type,
    messageId: message.id,
    stream: message.stream,
    email: message.to ?? "",
    from: message.from.email,
    subject: message.subject,
    tag: message.tag,
    metadata: message.metadata,
    details: "Test bounce details",
    atMs,
    inactive: true,
    canActivate: type !== "SpamComplaint",
  };
}
