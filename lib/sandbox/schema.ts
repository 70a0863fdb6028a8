import * as z from "zod";

/** How a sandbox is started. Everything is optional: the defaults suit the demo. */
export type SandboxOptions = {
  /** 0 or absent: any free port. */
  port?: number;
  /** Bearer key of the control plane; absent: a random one. */
  controlKey?: string;
  /** Tokens of the default world; absent: fresh ones. */
  serverToken?: string;
  accountToken?: string;
  /** From acceptance to delivery, milliseconds (600). */
  deliverAfterMs?: number;
  /** How long an accepted message stays invisible to message search, milliseconds (2000). */
  indexLagMs?: number;
  /** Makes ids, tokens and probabilities repeatable. */
  seed?: number;
  /** What one minute of a webhook retry ladder lasts here, in milliseconds (1000; Postmark: 60000). */
  retryScale?: number;
  /** JSON file in which all worlds survive a restart. */
  snapshotFile?: string;
};

const ms = z.number().int().min(0);
const rate = z.number().min(0).max(1);

/** Everything that can be changed while a world runs. */
const settings = z.strictObject({
  /** Accepted, but not yet found by message search. */
  indexLagMs: ms,
  /** Accepted, but details by id still answer 701. */
  detailsLagMs: ms,
  /** Queued → Sent. */
  processAfterMs: ms,
  /** Accepted → Delivered or Bounced. */
  deliverAfterMs: ms,
  /** Delivered → what the recipient of an example address does. */
  reactAfterMs: ms,
  /** A suppression written through the API → seen by sends and dumps. */
  consistencyDelayMs: ms,
  /** The plan lacks the stats API: 614. */
  noStats: z.boolean(),
  /** How a message with some inactive recipients is answered. */
  partialInactive: z.enum(["ok200", "error422WithMessageId"]),
  /** Whether an unknown stream (1235) or a wrong type (403) in a batch fails the item or the whole call. */
  batchStreamErrors: z.enum(["item", "call"]),
  batchTypeErrors: z.enum(["item", "call"]),
  /** pending: 412 unless all recipients share the From domain. rejected: 413. */
  account: z.enum(["approved", "pending", "rejected"]),
  /** Paused: sends answer 200, nothing leaves, search and details are blind until released. */
  accountPaused: z.boolean(),
  pausedStreams: z.array(z.string()),
  /** delayed: the answer of a paused send lacks its ErrorCode. */
  pausedAnswer: z.enum(["normal", "delayed"]),
  /** From domains (and their subdomains) without sender signature: 400; unconfirmed: 401. */
  unverifiedDomains: z.array(z.string()),
  unconfirmedDomains: z.array(z.string()),
  /** The caller's address is not on the server's allow list: 1480. */
  ipRefused: z.boolean(),
  /** Whether an unsubscribe made by the recipient may be deleted through the API. */
  unsubscribesDeletable: z.boolean(),
  /** Whether count and offset are honoured by the suppressions dump. */
  pageSuppressions: z.boolean(),
  twoMetadataKeys: z.enum(["first", "refuse"]),
  /** Whether hard+…@emu.example.com and its kin behave. */
  exampleAddresses: z.boolean(),
  /** off: the older webhooks API, without probes and without Status. */
  verification: z.enum(["on", "off"]),
  retryRegime: z.enum(["2026-nine", "2026-six", "legacy"]),
  /** Milliseconds per minute of the ladder. */
  retryScale: z.number().min(0),
  hookTimeoutMs: ms,
  hookDelayMs: ms,
  /** Each event is held back by a random time up to this. */
  shuffleWindowMs: ms,
  duplicateRate: rate,
  dropRate: rate,
  expectContinue: z.boolean(),
  /** Consecutive failed events of one type after which that type is unverified and held. */
  pauseAfterFailures: z.number().int().min(1),
  missingTag: z.boolean(),
  missingMetadata: z.boolean(),
  legacyComplaintCode: z.boolean(),
  largeBounceIds: z.boolean(),
  emptyGeo: z.boolean(),
});
export type Settings = z.infer<typeof settings>;

export const settingsPatch = settings.partial();
export type SettingsPatch = z.infer<typeof settingsPatch>;

export const defaultSettings: Settings = {
  indexLagMs: 2000,
  detailsLagMs: 500,
  processAfterMs: 200,
  deliverAfterMs: 600,
  reactAfterMs: 900,
  consistencyDelayMs: 150,
  noStats: false,
  partialInactive: "ok200",
  batchStreamErrors: "item",
  batchTypeErrors: "call",
  account: "approved",
  accountPaused: false,
  pausedStreams: [],
  pausedAnswer: "normal",
  unverifiedDomains: ["unverified.example"],
  unconfirmedDomains: [],
  ipRefused: false,
  unsubscribesDeletable: false,
  pageSuppressions: false,
  twoMetadataKeys: "first",
  exampleAddresses: true,
  verification: "on",
  retryRegime: "2026-nine",
  retryScale: 1000,
  hookTimeoutMs: 10_000,
  hookDelayMs: 0,
  shuffleWindowMs: 0,
  duplicateRate: 0,
  dropRate: 0,
  expectContinue: true,
  pauseAfterFailures: 50,
  missingTag: false,
  missingMetadata: false,
  legacyComplaintCode: false,
  largeBounceIds: false,
  emptyGeo: false,
};

const actionTypes = [
  "deliver",
  "transient",
  "bounce",
  "open",
  "click",
  "complaint",
  "unsubscribe",
  "resubscribe",
] as const;

/** Something that happens to one recipient of one message. */
export const messageAction = z.strictObject({
  type: z.enum(actionTypes),
  /** Absent: the first recipient. */
  recipient: z.string().optional(),
  /** click: which link; absent: the first tracked one. */
  link: z.string().optional(),
  location: z.enum(["HTML", "Text"]).optional(),
  /** bounce: Postmark's type name; absent: HardBounce. */
  bounceType: z.string().optional(),
  /** bounce: whether the address is suppressed; absent: as usual for the type. */
  inactive: z.boolean().optional(),
  details: z.string().optional(),
});
export type MessageAction = z.infer<typeof messageAction>;
export type ActionType = MessageAction["type"];
export type ActionData = Omit<MessageAction, "type">;

export const suppressionReasons = ["HardBounce", "SpamComplaint", "ManualSuppression"] as const;
export const suppressionOrigins = ["Recipient", "Customer", "Admin"] as const;
export const newSuppression = z.strictObject({
  stream: z.string(),
  email: z.string(),
  reason: z.enum(suppressionReasons).optional(),
  origin: z.enum(suppressionOrigins).optional(),
});
export type NewSuppression = z.infer<typeof newSuppression>;

export const newStream = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  type: z.enum(["Transactional", "Broadcasts"]).optional(),
  unsubscribe: z.enum(["None", "Postmark", "Custom"]).optional(),
});
export type NewStream = z.infer<typeof newStream>;

export const triggerNames = ["Open", "Click", "Delivery", "Bounce", "SpamComplaint", "SubscriptionChange"] as const;
export type TriggerName = (typeof triggerNames)[number];

/** A webhook put in place without Postmark's probes. */
export const newWebhook = z.strictObject({
  url: z.string(),
  stream: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Absent: all six. */
  triggers: z.array(z.enum(triggerNames)).optional(),
  postFirstOpenOnly: z.boolean().optional(),
  includeContent: z.boolean().optional(),
});
export type NewWebhook = z.infer<typeof newWebhook>;
