import "server-only";
import { bounceTypeNamed, bounceTypes } from "./bounce-types";
import { bouncePayload, clickPayload, deliveryPayload, openPayload } from "./payloads";
import { bounceSource, trackedLinks } from "./render";
import type { MessageAction } from "./schema";
import { type Bounce, type EventType, type Message, type MessageEvent, touch, type WorldState } from "./state";
import { liftSuppression, suppress } from "./suppression-list";

/** A happening that cannot be, such as a click on a mail without links: its sentence is for whoever asked. */
export class Impossible extends Error {}

/**
 * Lets something happen to one recipient of a message: event, statistics, bounce record, suppression and webhooks follow.
 * Throws `Impossible`.
 */
export function happen(world: WorldState, message: Message, action: MessageAction): void {
  const recipient = recipientOf(message, action.recipient);
  // Whatever befalls a message proves that it has left.
  if (message.heldBy === null && action.type !== "unsubscribe" && action.type !== "resubscribe")
    message.status = "Sent";
  switch (action.type) {
    case "deliver":
      delivered(world, message, recipient);
      break;
    case "transient":
      bounced(world, message, { ...action, bounceType: "Transient", recipient });
      break;
    case "bounce":
      bounced(world, message, { ...action, recipient });
      break;
    case "open":
      opened(world, message, recipient);
      break;
    case "click":
      clicked(world, message, { ...action, recipient });
      break;
    case "complaint":
      complained(world, message, recipient);
      break;
    case "unsubscribe":
      unsubscribed(world, message, recipient);
      break;
    case "resubscribe":
      resubscribed(world, message, recipient);
      break;
    default:
      action.type satisfies never;
  }
  touch(world);
}

function recipientOf(message: Message, wanted: string | undefined): string {
  const able = message.recipients.filter((r) => !r.skipped);
  const found = wanted ? able.find((r) => r.email.toLowerCase() === wanted.toLowerCase()) : able[0];
  if (!found) throw new Impossible(`This message did not go to ${wanted ?? "anybody"}.`);
  return found.email;
}

function record(
  world: WorldState,
  message: Message,
  recipient: string,
  event: { type: EventType; details: Record<string, string>; first?: boolean },
): MessageEvent {
  const entry = { recipient, atMs: world.clock.nowMs(), ...event };
  message.events.push(entry);
  return entry;
}

const destination = { DestinationServer: "mx.sandbox.example (198.51.100.7)", DestinationIP: "198.51.100.7" };

function delivered(world: WorldState, message: Message, recipient: string): void {
  const details = { DeliveryMessage: "smtp;250 2.0.0 OK", ...destination };
  const event = record(world, message, recipient, { type: "Delivered", details });
  world.notify({
    type: "Delivery",
    stream: message.stream,
    payload: deliveryPayload(world, message, recipient, event.atMs),
  });
}

function opened(world: WorldState, message: Message, recipient: string): void {
  if (!message.trackOpens) throw new Impossible("Opens are not tracked on this message (TrackOpens is off).");
  const first = !message.events.some((e) => e.type === "Opened" && e.recipient === recipient);
  const details = { Summary: "Sandbox text: opened, Chrome on macOS" };
  const { atMs } = record(world, message, recipient, { type: "Opened", details, first });
  const payload = openPayload(message, { recipient, atMs, first, emptyGeo: world.settings.emptyGeo });
  world.notify({ type: "Open", stream: message.stream, payload, firstOpen: first });
}

function clicked(world: WorldState, message: Message, click: MessageAction & { recipient: string }): void {
  const links = trackedLinks(message);
  const link = links.find(
    (l) => (!click.link || l.url === click.link) && (!click.location || l.location === click.location),
  );
  if (!link) throw new Impossible(links.length ? "That is not a tracked link." : "This message has no tracked links.");
  const { recipient } = click;
  const first = !message.events.some(
    (e) => e.type === "LinkClicked" && e.recipient === recipient && e.details.Link === link.url,
  );
  const details = { Summary: "Sandbox text: tracked link clicked", Link: link.url, ClickLocation: link.location };
  const { atMs } = record(world, message, recipient, { type: "LinkClicked", details, first });
  // Postmark reports the first click per recipient and link alone.
  if (!first) return;
  const what = { recipient, atMs, link: link.url, location: link.location, emptyGeo: world.settings.emptyGeo };
  world.notify({ type: "Click", stream: message.stream, payload: clickPayload(message, what) });
}

function bounced(world: WorldState, message: Message, action: MessageAction & { recipient: string }): void {
  const type = bounceTypeNamed(action.bounceType ?? "HardBounce");
  const known = bounceTypes[type];
  const inactive = !message.sandboxed && (action.inactive ?? known?.suppresses ?? false);
  const bounce = addBounce(world, message, {
    email: action.recipient,
    type,
    inactive,
    details: action.details ?? known?.details ?? "",
  });
  if (type === "Transient") {
    const details = { DeliveryMessage: bounce.details, ...destination };
    record(world, message, action.recipient, { type: "Transient", details });
  } else {
    const details = { Summary: bounce.details, BounceID: String(bounce.id) };
    record(world, message, action.recipient, { type: "Bounced", details });
  }
  if (type !== "SMTPApiError" || world.server.enableSmtpApiErrorHooks) tellOfBounce(world, bounce, "Bounce");
  if (!inactive) return;
  const reason = type === "ManuallyDeactivated" ? "ManualSuppression" : "HardBounce";
  suppress(world, message.stream, { email: bounce.email, reason, origin: "Recipient", message, delayMs: 0 });
}

function complained(world: WorldState, message: Message, recipient: string): void {
  const bounce = addBounce(world, message, { email: recipient, type: "SpamComplaint", inactive: true, details: "" });
  const details = { Summary: "Sandbox text: reported as spam", BounceID: String(bounce.id) };
  record(world, message, recipient, { type: "SpamComplaint", details });
  tellOfBounce(world, bounce, "SpamComplaint");
  suppress(world, message.stream, {
    email: recipient,
    reason: "SpamComplaint",
    origin: "Recipient",
    message,
    delayMs: 0,
  });
}

function unsubscribed(world: WorldState, message: Message, recipient: string): void {
  record(world, message, recipient, {
    type: "SubscriptionChanged",
    details: { Origin: "Recipient", SuppressSending: "True" },
  });
  const why = { email: recipient, reason: "ManualSuppression", origin: "Recipient", message, delayMs: 0 } as const;
  suppress(world, message.stream, why);
}

function resubscribed(world: WorldState, message: Message, recipient: string): void {
  if (!liftSuppression(world, message.stream, recipient, 0))
    throw new Impossible(`${recipient} is not suppressed on the stream ${message.stream}.`);
  const details = { Origin: "Recipient", SuppressSending: "False" };
  record(world, message, recipient, { type: "SubscriptionChanged", details });
}

function addBounce(
  world: WorldState,
  message: Message,
  what: Pick<Bounce, "email" | "type" | "inactive" | "details">,
): Bounce {
  world.counters.bounce += 1;
  const n = BigInt(world.counters.bounce);
  const bounce: Bounce = {
    ...what,
    // The documented example exceeds 2^53, which JSON.parse rounds.
    id: world.settings.largeBounceIds ? 4_323_372_036_854_775_807n - n : 700_000_000n + n,
    messageId: message.id,
    stream: message.stream,
    from: message.from.email,
    subject: message.subject,
    tag: message.tag,
    metadata: message.metadata,
    atMs: world.clock.nowMs(),
    canActivate: what.type !== "SpamComplaint" && what.type !== "SMTPApiError",
  };
  world.bounces.push(bounce);
  return bounce;
}

function tellOfBounce(world: WorldState, bounce: Bounce, type: "Bounce" | "SpamComplaint"): void {
  const payload = bouncePayload(world, bounce);
  world.notify({ type, stream: bounce.stream, payload, content: bounceSource(bounce) });
}
