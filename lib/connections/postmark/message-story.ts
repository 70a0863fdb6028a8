import type { KeptStory } from "../message-history";
import type { News } from "../news";
import { detailsOf, instantOf, objectOf, type Payload, textOf } from "./webhook-fields";

/** Of one message: a hundred times what any has. */
const eventsMax = 5_000;

/**
 * What the details of a message tell (reference §10, `MessageEvents`). Bounces and complaints stand there alike, and without what
 * decides about the address, so only that there are some is read. Null: these are not the details of a message.
 */
export function storyOf(details: Payload, receivedAt: Date): KeptStory | null {
  const messageId = textOf(details, "MessageID", 100)?.toLowerCase() ?? "";
  const { MessageEvents: events } = details;
  if (messageId === "" || !Array.isArray(events)) return null;
  const told = events.slice(0, eventsMax).map(objectOf);
  const about = {
    messageId,
    stream: textOf(details, "MessageStream", 64),
    bounced: told.some(({ Type: type }) => type === "Bounced" || type === "Transient"),
  };
  const news = told.flatMap((event) => newsOf(event, about, receivedAt) ?? []);
  return { kind: "story", news, bounced: about.bounced };
}

type About = { messageId: string; stream: string | null; bounced: boolean };

function newsOf(event: Payload, { messageId, stream, bounced }: About, receivedAt: Date): News | null {
  const type = textOf(event, "Type", 64) ?? "";
  const read = readers.get(type)?.(objectOf(event.Details), bounced);
  if (!read) return null;
  return {
    ...read,
    newsKey: `details ${type} ${messageId}`,
    providerMessageId: messageId,
    sendId: null,
    recipient: textOf(event, "Recipient", 320)?.trim().toLowerCase() || null,
    stream,
    occurredAt: instantOf(textOf(event, "ReceivedAt", 64), receivedAt),
    suppression: null,
  };
}

type Read = Pick<News, "kind" | "recordType" | "data">;

/** Told in the words of the webhooks. What is missing here is missing there: the opener's client and place. */
const readers = new Map<string, (details: Payload, bounced: boolean) => Read | null>([
  [
    "Delivered",
    ({ DeliveryMessage }) => ({
      kind: "delivered",
      recordType: "Delivery",
      data: detailsOf("Delivery", { Details: DeliveryMessage }),
    }),
  ],
  ["Opened", () => ({ kind: "opened", recordType: "Open", data: {} })],
  [
    "LinkClicked",
    ({ Link, ClickLocation }) =>
      typeof Link === "string" && Link !== ""
        ? { kind: "clicked", recordType: "Click", data: detailsOf("Click", { OriginalLink: Link, ClickLocation }) }
        : null,
  ],
  ["SubscriptionChanged", (details, bounced) => (bounced ? null : unsubscribe(details))],
]);

/**
 * By the recipient, and no other change: bounces and complaints end the right to write too, and stand here as the recipient's doing. The
 * suppression itself comes with the provider's list of them, which also knows whether it still holds.
 */
function unsubscribe(details: Payload): Read | null {
  const { Origin, SuppressSending } = details;
  if (String(SuppressSending).toLowerCase() !== "true" || Origin !== "Recipient") return null;
  return {
    kind: "subscription",
    recordType: "SubscriptionChange",
    data: { suppress_sending: true, origin: "Recipient" },
  };
}
