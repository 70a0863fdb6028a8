import type { Chance } from "./scale";

/** A message as the sandbox says that it accepted it. */
export type Accepted = { id: string; to: string; stream: string; metadata: Record<string, string>; acceptedAt: string };
type Payload = Record<string, unknown>;
/** One webhook call, and how often it is made. */
export type Call = { messageId: string; body: string; times: number };

/** What has to be known of a send in the end, given what was posted about it. A simple model: no locks, no order, no process. */
export type Expected = {
  status: string;
  opens: number;
  clicks: number;
  deliveredAt: string | null;
  bouncedAt: string | null;
  complainedAt: string | null;
  openedAt: string | null;
  clickedAt: string | null;
  suppressed: boolean;
};

type Kind =
  | "delivered"
  | "opened"
  | "clicked"
  | "hard bounce"
  | "transient"
  | "refused later"
  | "complaint"
  | "unsubscribed"
  | "resubscribed";
type Item = { kind: Kind; at: string; link: string; payload: Payload };

const rank = ["sent", "failed", "delivered", "bounced", "complained"];
const shows: Record<Kind, string> = {
  delivered: "delivered",
  opened: "sent",
  clicked: "sent",
  "hard bounce": "bounced",
  transient: "sent",
  "refused later": "failed",
  complaint: "complained",
  unsubscribed: "sent",
  resubscribed: "sent",
};
const suppresses: readonly Kind[] = ["hard bounce", "complaint", "unsubscribed"];

let bounceId = 4_000_000_000;
/** Ids are only to differ. */
function nextBounceId(): number {
  bounceId += 1;
  return bounceId;
}

/**
 * Everything that could be reported about a message, as Postmark writes it (reference §8.3); half of it without the metadata by which
 * a send is recognised at once. What is dropped is in neither list. @returns the calls, and what they come to
 */
export function newsOf(message: Accepted, chance: Chance): { calls: Call[]; expected: Expected } {
  const items = kindsOf(chance).map((kind, index) => item(message, kind, { index, chance }));
  const posted = items.filter(() => chance.next() > 0.15);
  const calls = posted.map(({ payload }) => ({
    messageId: message.id,
    body: JSON.stringify(payload),
    times: 1 + Math.floor(chance.next() * 3),
  }));
  return { calls, expected: comesTo(posted) };
}

function kindsOf(chance: Chance): Kind[] {
  const often = (kind: Kind, probability: number, max = 1): Kind[] =>
    Array.from({ length: max }, () => kind).filter(() => chance.next() < probability);
  return [
    ...often("delivered", 0.8),
    ...often("opened", 0.4, 4),
    ...often("clicked", 0.3, 4),
    ...often("transient", 0.1),
    ...often("hard bounce", 0.12),
    ...often("refused later", 0.04),
    ...often("complaint", 0.06),
    ...often("unsubscribed", 0.12),
    ...often("resubscribed", 0.08),
  ];
}

function item(message: Accepted, kind: Kind, { index, chance }: { index: number; chance: Chance }): Item {
  // Each at a second of its own, in an order that has nothing to do with the order of arrival.
  const second = 2 + index * 7 + Math.floor(chance.next() * 5);
  const at = new Date(Math.floor(Date.parse(message.acceptedAt) / 1_000) * 1_000 + second * 1_000).toISOString();
  const link = `https://example.com/${Math.floor(chance.next() * 3)}`;
  const Metadata = chance.next() < 0.5 ? message.metadata : {};
  const common = { MessageID: message.id, MessageStream: message.stream, ServerID: 1, Tag: "Proof", Metadata };
  return { kind, at, link, payload: { ...common, ...particulars(kind, { message, at, link }) } };
}

function particulars(kind: Kind, { message, at, link }: { message: Accepted; at: string; link: string }): Payload {
  const bounce = (Type: string, Inactive: boolean): Payload => ({
    RecordType: Type === "SpamComplaint" ? "SpamComplaint" : "Bounce",
    ID: nextBounceId(),
    Type,
    Email: message.to,
    From: "hello@example.com",
    BouncedAt: at,
    Inactive,
    CanActivate: Type !== "SpamComplaint",
    Subject: "Proof",
    Description: "made up",
  });
  const subscription = (SuppressSending: boolean): Payload => ({
    RecordType: "SubscriptionChange",
    ChangedAt: at.replace(/\.\d+/, ""),
    Recipient: message.to,
    Origin: SuppressSending ? "Recipient" : "Customer",
    SuppressSending,
    SuppressionReason: SuppressSending ? "ManualSuppression" : null,
  });
  const opened = { Recipient: message.to, ReceivedAt: at, Platform: "Desktop", Client: {}, OS: {}, Geo: {} };
  switch (kind) {
    case "delivered":
      return { RecordType: "Delivery", Recipient: message.to, DeliveredAt: at, Details: "250 2.0.0 accepted" };
    case "opened":
      return { RecordType: "Open", FirstOpen: true, ...opened };
    case "clicked":
      return { RecordType: "Click", ClickLocation: "HTML", OriginalLink: link, ...opened };
    case "hard bounce":
      return bounce("HardBounce", true);
    case "transient":
      return bounce("Transient", false);
    case "refused later":
      return bounce("SMTPApiError", false);
    case "complaint":
      return bounce("SpamComplaint", true);
    case "unsubscribed":
      return subscription(true);
    case "resubscribed":
      return subscription(false);
  }
}

function comesTo(posted: readonly Item[]): Expected {
  const times = (kind: Kind) =>
    posted
      .filter((one) => one.kind === kind)
      .map(({ at }) => at)
      .sort();
  const first = (kind: Kind) => times(kind)[0] ?? null;
  const lastLift = times("resubscribed").at(-1);
  return {
    status: posted.map(({ kind }) => shows[kind]).reduce((a, b) => (rank.indexOf(b) > rank.indexOf(a) ? b : a), "sent"),
    opens: times("opened").length,
    clicks: new Set(posted.filter(({ kind }) => kind === "clicked").map(({ link }) => link)).size,
    deliveredAt: first("delivered"),
    bouncedAt: first("hard bounce"),
    complainedAt: first("complaint"),
    openedAt: first("opened"),
    clickedAt: first("clicked"),
    suppressed: suppresses.flatMap(times).some((at) => lastLift === undefined || at >= lastLift),
  };
}
