import { bounceTypes } from "./bounce-types";
import type { Bounce, Message, Suppression, WorldState } from "./state";
import { utcStamp } from "./time";

type Payload = Record<string, unknown>;

/** Who seems to have opened: made up, like all the sandbox's people. */
const browser = {
  Client: { Name: "Chrome 128.0", Company: "Google", Family: "Chrome" },
  OS: { Name: "macOS 14", Company: "Apple", Family: "OS X" },
  Platform: "Desktop",
  UserAgent: "Mozilla/5.0 (sandbox)",
  Geo: {
    CountryISOCode: "PT",
    Country: "Portugal",
    RegionISOCode: "13",
    Region: "Porto",
    City: "Porto",
    Zip: "4000-123",
    Coords: "41.1496,-8.6110",
    IP: "203.0.113.24",
  },
};
const proxy = {
  Client: { Name: "", Company: "", Family: "" },
  OS: { Name: "", Company: "", Family: "" },
  Platform: "Unknown",
  UserAgent: "Mozilla/5.0 (sandbox)",
  Geo: {},
};

export function deliveryPayload(world: WorldState, message: Message, recipient: string, atMs: number): Payload {
  return {
    RecordType: "Delivery",
    ServerID: world.server.id,
    MessageStream: message.stream,
    MessageID: message.id,
    Recipient: recipient,
    ...tagged(message.tag),
    DeliveredAt: utcStamp(atMs),
    Details: "smtp;250 2.0.0 accepted for delivery",
    Metadata: message.metadata,
  };
}

/** An open, as a webhook and (without Metadata) as the messages API shows it. */
export function openPayload(
  message: Message,
  open: { recipient: string; atMs: number; first: boolean; emptyGeo: boolean },
): Payload {
  const { Geo, ...client } = open.emptyGeo ? proxy : browser;
  return {
    RecordType: "Open",
    MessageStream: message.stream,
    FirstOpen: open.first,
    ...client,
    ReadSeconds: open.emptyGeo ? 0 : 5,
    Geo,
    MessageID: message.id,
    Metadata: message.metadata,
    ReceivedAt: utcStamp(open.atMs),
    ...tagged(message.tag),
    Recipient: open.recipient,
  };
}

export function clickPayload(
  message: Message,
  click: { recipient: string; atMs: number; link: string; location: string; emptyGeo: boolean },
): Payload {
  return {
    RecordType: "Click",
    MessageStream: message.stream,
    ...(click.emptyGeo ? proxy : browser),
    MessageID: message.id,
    Metadata: message.metadata,
    ReceivedAt: utcStamp(click.atMs),
    ...tagged(message.tag),
    Recipient: click.recipient,
    ClickLocation: click.location,
    OriginalLink: click.link,
  };
}

/** A bounce as the bounces API shows it. */
export function bounceRecord(world: WorldState, bounce: Bounce): Payload {
  const type = bounceTypes[bounce.type];
  const complaint = bounce.type === "SpamComplaint";
  return {
    RecordType: complaint ? "SpamComplaint" : "Bounce",
    ID: bounce.id,
    Type: bounce.type,
    TypeCode: complaint && world.settings.legacyComplaintCode ? 512 : type?.code,
    Name: type?.name,
    ...tagged(bounce.tag),
    MessageID: bounce.messageId,
    ServerID: world.server.id,
    MessageStream: bounce.stream,
    Description: type?.description,
    Details: bounce.details,
    Email: bounce.email,
    From: bounce.from,
    BouncedAt: utcStamp(bounce.atMs),
    DumpAvailable: bounce.type !== "SMTPApiError",
    Inactive: bounce.inactive,
    CanActivate: bounce.canActivate,
    Subject: bounce.subject,
  };
}

export function bouncePayload(world: WorldState, bounce: Bounce): Payload {
  return { ...bounceRecord(world, bounce), Metadata: bounce.metadata };
}

/** A change of the suppression list; `message` is the mail that caused it, null for changes by hand or API. */
export function subscriptionPayload(
  world: WorldState,
  change: { stream: string; suppression: Suppression; suppressed: boolean; message: Message | null; atMs: number },
): Payload {
  const { suppression, message } = change;
  return {
    RecordType: "SubscriptionChange",
    MessageID: message?.id ?? null,
    ServerID: world.server.id,
    MessageStream: change.stream,
    ChangedAt: utcStamp(change.atMs).replace(/\.\d+/, ""),
    Recipient: suppression.email,
    Origin: suppression.origin,
    SuppressSending: change.suppressed,
    SuppressionReason: change.suppressed ? suppression.reason : null,
    Tag: message?.tag ?? null,
    Metadata: message?.metadata ?? {},
  };
}

/** Postmark leaves the key out of its event when the message had no tag. */
const tagged = (tag: string | null) => (tag === null ? {} : { Tag: tag });
