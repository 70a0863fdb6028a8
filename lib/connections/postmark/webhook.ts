import { createHash } from "node:crypto";
import type { ParseWebhook } from "../connector";
import type { News } from "../news";
import { bounceIdOf, detailsOf, instantOf, objectOf, type Payload, textOf } from "./webhook-fields";

/** Reads Postmark's six record types (reference §8.3). Unknown extra keys and missing optional ones are ordinary. */
export const parsePostmarkWebhook: ParseWebhook = ({ text, body }, receivedAt) => {
  const payload = objectOf(body);
  const recordType = textOf(payload, "RecordType", 64);
  const read = recordType === null ? undefined : readers.get(recordType);
  if (recordType === null || !read) return null;
  const said = read(payload, text);
  if (said === null) return null;
  const found = {
    providerMessageId: messageIdOf(payload),
    sendId: metadataId(payload, "send_id"),
    batchId: metadataId(payload, "batch_id"),
    recipient: addressOf(payload, said.recipientKey),
    stream: textOf(payload, "MessageStream", 64),
  };
  const usable = found.providerMessageId ?? found.sendId ?? (said.suppression && found.recipient);
  if (!usable) return null;
  return {
    kind: said.kind,
    recordType,
    newsKey: keyOf([recordType, ...said.key]),
    ...found,
    occurredAt: instantOf(textOf(payload, said.timeKey, 64), receivedAt),
    suppression: said.suppression,
    data: detailsOf(recordType, payload),
  };
};

type Said = {
  kind: News["kind"];
  suppression: News["suppression"];
  recipientKey: "Recipient" | "Email";
  timeKey: string;
  /** Postmark's natural key (reference §8.2), as it stands in the payload: a retry repeats it letter by letter. */
  key: (string | null)[];
};
type Reader = (payload: Payload, text: string) => Said | null;

const engagement =
  (kind: "delivered" | "opened" | "clicked", timeKey: string): Reader =>
  (payload) => ({
    kind,
    suppression: null,
    recipientKey: "Recipient",
    timeKey,
    key: ["MessageID", "Recipient", timeKey, "OriginalLink"].map((name) => textOf(payload, name, 20_000)),
  });

const readers = new Map<string, Reader>([
  ["Delivery", engagement("delivered", "DeliveredAt")],
  ["Open", engagement("opened", "ReceivedAt")],
  ["Click", engagement("clicked", "ReceivedAt")],
  ["Bounce", (payload, text) => bounce(payload, text, bounceKindOf(payload))],
  ["SpamComplaint", (payload, text) => bounce(payload, text, "complained")],
  ["SubscriptionChange", subscriptionChange],
]);

/** Types after which the message is still on its way, or that say nothing of it (reference §6). They change no status. */
const passing = new Set([
  "Transient",
  "Unsubscribe",
  "Subscribe",
  "AutoResponder",
  "AddressChange",
  "OpenRelayTest",
  "ChallengeVerification",
  "InboundError",
]);
/** Refused after the provider had taken it: it was never sent to anyone. */
const failed = new Set(["SMTPApiError", "TemplateRenderingFailed"]);

function bounceKindOf(payload: Payload): News["kind"] {
  const type = textOf(payload, "Type", 64) ?? "";
  if (failed.has(type)) return "failed";
  if (type === "SpamComplaint") return "complained";
  return passing.has(type) ? "transient" : "bounced";
}

/** `Inactive` decides whether the address is suppressed now, not the type of bounce. A complaint always suppresses. */
function bounce(payload: Payload, text: string, kind: News["kind"]): Said {
  const id = bounceIdOf(payload, text);
  const others = ["MessageID", "Email", "BouncedAt", "Type"].map((name) => textOf(payload, name, 500));
  const said = { kind, recipientKey: "Email", timeKey: "BouncedAt", key: id === null ? others : [id] } as const;
  if (kind === "complained") return { ...said, suppression: workspaceWide("spam_complaint") };
  if (payload.Inactive !== true) return { ...said, suppression: null };
  const byHand = textOf(payload, "Type", 64) === "ManuallyDeactivated";
  const manual = { active: true, reason: "manual", origin: "customer", scope: "stream" } as const;
  return { ...said, suppression: byHand ? manual : workspaceWide("hard_bounce") };
}

const workspaceWide = (reason: "hard_bounce" | "spam_complaint") =>
  ({ active: true, reason, origin: "recipient", scope: "workspace" }) as const;

/** An unsubscribe click is a ManualSuppression by the Recipient: there is no reason of that name (reference §5). */
function subscriptionChange(payload: Payload): Said | null {
  const { SuppressSending: active } = payload;
  if (typeof active !== "boolean") return null;
  const reason = textOf(payload, "SuppressionReason", 64);
  const names = ["MessageStream", "Recipient", "ChangedAt", "SuppressionReason"] as const;
  return {
    kind: "subscription",
    suppression: active ? suppressionOf(reason, originOf(payload)) : lifted(originOf(payload)),
    recipientKey: "Recipient",
    timeKey: "ChangedAt",
    // What changed belongs to it: Postmark tells these times to the second, and one may be lifted in the second it was made.
    key: [String(active), ...names.map((name) => textOf(payload, name, 500))],
  };
}

type Origin = NonNullable<News["suppression"]>["origin"];

function suppressionOf(reason: string | null, origin: Origin): News["suppression"] {
  if (reason === "HardBounce") return { ...workspaceWide("hard_bounce"), origin };
  if (reason === "SpamComplaint") return { ...workspaceWide("spam_complaint"), origin };
  return { active: true, reason: origin === "recipient" ? "unsubscribe" : "manual", origin, scope: "stream" };
}

const lifted = (origin: Origin) => ({ active: false, reason: null, origin, scope: "stream" }) as const;

function originOf(payload: Payload): Origin {
  const origin = textOf(payload, "Origin", 64)?.toLowerCase();
  return origin === "recipient" || origin === "customer" || origin === "admin" ? origin : "provider";
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function metadataId(payload: Payload, key: "send_id" | "batch_id"): string | null {
  const id = textOf(objectOf(payload.Metadata), key, 100)?.toLowerCase() ?? "";
  return uuid.test(id) ? id : null;
}

function messageIdOf(payload: Payload): string | null {
  const id = textOf(payload, "MessageID", 101)?.trim().toLowerCase() ?? "";
  return /^[\w-]{1,100}$/.test(id) ? id : null;
}

function addressOf(payload: Payload, key: Said["recipientKey"]): string | null {
  const address = textOf(payload, key, 321)?.trim().toLowerCase() ?? "";
  return address === "" || address.length > 320 ? null : address;
}

/** Readable when short; the link of a click may be longer than an index takes. */
function keyOf(parts: readonly (string | null)[]): string {
  const key = JSON.stringify(parts);
  return key.length <= 300 ? key : `sha256:${createHash("sha256").update(key).digest("hex")}`;
}
