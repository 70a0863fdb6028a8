import { mailbox, trackedLinks } from "./render";
import type { HookDelivery, Message } from "./state";

/** A message as the sandbox's own readers see it: everything at once, whatever search may know. */
export type OutboxMessage = {
  id: string;
  stream: string;
  from: string;
  to: string | null;
  cc: string | null;
  bcc: string | null;
  recipients: { email: string; name: string | null; field: "To" | "Cc" | "Bcc"; skipped: boolean }[];
  replyTo: string | null;
  subject: string;
  tag: string | null;
  metadata: Record<string, string>;
  headers: { name: string; value: string }[];
  html: string | null;
  text: string | null;
  trackOpens: boolean;
  trackLinks: string;
  links: string[];
  attachments: string[];
  /** ISO 8601. */
  acceptedAt: string;
  status: OutboxStatus;
  events: { type: string; recipient: string; at: string; details: Record<string, string> }[];
};

export type OutboxStatus =
  | "held"
  | "queued"
  | "sent"
  | "delayed"
  | "delivered"
  | "opened"
  | "clicked"
  | "bounced"
  | "unsubscribed"
  | "complained";

const byEvent = {
  Transient: "delayed",
  Delivered: "delivered",
  Opened: "opened",
  LinkClicked: "clicked",
  Bounced: "bounced",
  SubscriptionChanged: "unsubscribed",
  SpamComplaint: "complained",
} as const satisfies Record<Message["events"][number]["type"], OutboxStatus>;
const rank: OutboxStatus[] = ["delayed", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained"];

export function outboxMessage(message: Message): OutboxMessage {
  return {
    id: message.id,
    stream: message.stream,
    from: mailbox(message.from),
    to: message.to ?? null,
    cc: message.cc ?? null,
    bcc: message.bcc ?? null,
    recipients: message.recipients,
    replyTo: message.replyTo,
    subject: message.subject,
    tag: message.tag,
    metadata: message.metadata,
    headers: message.headers,
    html: message.html,
    text: message.text,
    trackOpens: message.trackOpens,
    trackLinks: message.trackLinks,
    links: [...new Set(trackedLinks(message).map((l) => l.url))],
    attachments: message.attachments,
    acceptedAt: new Date(message.acceptedAtMs).toISOString(),
    status: outboxStatus(message),
    events: message.events.map((e) => ({
      type: e.type,
      recipient: e.recipient,
      at: new Date(e.atMs).toISOString(),
      details: e.details,
    })),
  };
}

/** Who was written to, when (milliseconds), and as which of the sender's messages. */
export type AcceptedMessage = { id: string; to: string; metadata: Record<string, string>; acceptedAtMs: number };

export const acceptedMessage = ({ id, recipients, metadata, acceptedAtMs }: Message): AcceptedMessage => ({
  id,
  to: recipients.map(({ email }) => email).join(","),
  metadata,
  acceptedAtMs,
});

/** The most telling thing that has happened to the message so far. */
export function outboxStatus(message: Message): OutboxStatus {
  if (message.heldBy !== null) return "held";
  let best = -1;
  for (const event of message.events) {
    if (event.type === "SubscriptionChanged" && event.details.SuppressSending !== "True") continue;
    best = Math.max(best, rank.indexOf(byEvent[event.type]));
  }
  return rank[best] ?? (message.status === "Sent" ? "sent" : "queued");
}

/** A delivery to a webhook, safe to print: headers and credentials are not in it. */
export function hookEntry(delivery: HookDelivery): HookDelivery {
  return { ...delivery, payload: { ...delivery.payload }, attempts: delivery.attempts.map((a) => ({ ...a })) };
}
