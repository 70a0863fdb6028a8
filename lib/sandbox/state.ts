import type { Chance } from "./chance";
import type { FaultRule } from "./fault-rule";
import type { Settings, suppressionOrigins, suppressionReasons, TriggerName } from "./schema";

export type StreamType = "Transactional" | "Broadcasts" | "Inbound";
export type Stream = {
  id: string;
  name: string;
  description: string | null;
  type: StreamType;
  createdAtMs: number;
  updatedAtMs: number | null;
  archivedAtMs: number | null;
  purgeAtMs: number | null;
  unsubscribe: "None" | "Postmark" | "Custom";
};

export type Recipient = {
  email: string;
  name: string | null;
  field: "To" | "Cc" | "Bcc";
  /** Was inactive on the stream when the message came in: nothing is delivered to it. */
  skipped: boolean;
};

export type TrackLinks = "None" | "HtmlAndText" | "HtmlOnly" | "TextOnly";

/** A message as it was handed in, checked and taken apart. */
export type Draft = {
  stream: string;
  from: { email: string; name: string | null };
  /** As given; absent ones are absent in the answer too. */
  to: string | undefined;
  cc: string | undefined;
  bcc: string | undefined;
  recipients: Recipient[];
  subject: string;
  tag: string | null;
  html: string | null;
  text: string | null;
  replyTo: string | null;
  headers: { name: string; value: string }[];
  metadata: Record<string, string>;
  trackOpens: boolean;
  trackLinks: TrackLinks | null;
  attachments: string[];
};

export type EventType =
  | "Delivered"
  | "Transient"
  | "Bounced"
  | "Opened"
  | "LinkClicked"
  | "SpamComplaint"
  | "SubscriptionChanged";
export type MessageEvent = {
  recipient: string;
  type: EventType;
  atMs: number;
  details: Record<string, string>;
  /** Opened, LinkClicked: the first of its kind. */
  first?: boolean;
};

export type Message = Omit<Draft, "trackLinks"> & {
  id: string;
  acceptedAtMs: number;
  status: "Queued" | "Sent";
  trackLinks: TrackLinks;
  sandboxed: boolean;
  events: MessageEvent[];
  /** Who holds it back: the account, its stream, or a fault rule by id. */
  heldBy: string | null;
  /** Set by a fault rule; absent: the world's setting. */
  indexLag: number | "never" | null;
};

export type Bounce = {
  id: bigint;
  type: string;
  messageId: string;
  stream: string;
  email: string;
  from: string;
  subject: string;
  tag: string | null;
  metadata: Record<string, string>;
  details: string;
  atMs: number;
  inactive: boolean;
  canActivate: boolean;
};

export type SuppressionReason = (typeof suppressionReasons)[number];
export type SuppressionOrigin = (typeof suppressionOrigins)[number];
export type Suppression = {
  email: string;
  reason: SuppressionReason;
  origin: SuppressionOrigin;
  createdAtMs: number;
  /** When sends and dumps begin to see it, and, once deleted, when they stop. */
  visibleFromMs: number;
  goneFromMs: number | null;
};

export type Trigger = { enabled: boolean; postFirstOpenOnly?: boolean; includeContent?: boolean };
export type Webhook = {
  id: number;
  url: string;
  stream: string;
  verified: boolean;
  auth: { username: string; password: string } | null;
  headers: { name: string; value: string }[];
  triggers: Record<TriggerName, Trigger>;
  /** Consecutive failed events by type, and the types paused for it. */
  failures: Partial<Record<TriggerName, number>>;
  paused: TriggerName[];
};

type HookAttempt = {
  atMs: number;
  retriesRemaining: number;
  status: number | null;
  error: string | null;
  durationMs: number;
};
export type HookDelivery = {
  eventId: string;
  traceId: string;
  webhookId: number;
  /** Without userinfo. */
  url: string;
  stream: string;
  type: TriggerName;
  payload: Record<string, unknown>;
  createdAtMs: number;
  state: "pending" | "delivered" | "failed" | "dropped" | "held";
  attempts: HookAttempt[];
  nextAtMs: number | null;
};

export type RequestLog = {
  atMs: number;
  method: string;
  path: string;
  query: string;
  /** Masked: its last four characters. */
  token: string | null;
  /** Items of a batch. */
  items: number | null;
  /** null: cut off without an answer. */
  status: number | null;
  errorCode: number | null;
  /** Action of the fault rule that acted. */
  fault: string | null;
  durationMs: number;
};

export type Fault = {
  id: string;
  rule: FaultRule;
  addedAtMs: number;
  matched: number;
  fired: number;
  /** Redirects that somebody followed. */
  followed: number;
  chance: Chance;
};

type ServerRecord = {
  id: number;
  name: string;
  color: string;
  deliveryType: "Live" | "Sandbox";
  trackOpens: boolean;
  trackLinks: TrackLinks;
  includeBounceContentInHook: boolean;
  enableSmtpApiErrorHooks: boolean;
  postFirstOpenOnly: boolean;
  /** Absent in older snapshots: on. */
  smtpApiActivated?: boolean;
};

/** A world's clock and its only scheduler: what is planned here is what `idle` waits for and `advance` hurries. */
export type Clock = {
  nowMs(): number;
  after(delayMs: number, run: () => void | Promise<void>): void;
  /** Counts a promise as work in flight. */
  track(work: Promise<void>): void;
  /** Moves the clock and runs all that falls due on the way, in order, each to its end. */
  advance(byMs: number): Promise<void>;
  /** Resolves when nothing is planned and nothing in flight. */
  idle(): Promise<void>;
  stop(): void;
};

/** One isolated account with one server. */
export type WorldState = {
  name: string;
  /** Base of all its URLs: `http://127.0.0.1:4010` or `…/t/<name>`. */
  baseUrl: string;
  seed: string;
  server: ServerRecord;
  accountId: number;
  serverTokens: string[];
  accountToken: string;
  settings: Settings;
  streams: Stream[];
  messages: Map<string, Message>;
  /** `key=value` (key in lower case) → messages, so that looking up a batch does not read them all. */
  byMetadata: Map<string, Message[]>;
  bounces: Bounce[];
  /** By stream, then by lower-case address. */
  suppressions: Map<string, Map<string, Suppression>>;
  webhooks: Webhook[];
  hooks: HookDelivery[];
  requests: RequestLog[];
  faults: Fault[];
  counters: { bounce: number; webhook: number; fault: number };
  /** Further servers of this account, reached by their tokens under this world's address. */
  siblings: WorldState[];
  clock: Clock;
  chance: Chance;
  /** Grows with every change that a reader of the outbox could see. */
  version: number;
  /** Told of every change: the snapshot. */
  changed: () => void;
  /** Hands an event to the webhooks that want it. */
  notify: (news: News) => void;
};

/** Something webhooks are told: the payload without what depends on the webhook. */
export type News = {
  type: TriggerName;
  stream: string;
  payload: Record<string, unknown>;
  /** Bounce, SpamComplaint: sent only to those who ask for it. */
  content?: string;
  firstOpen?: boolean;
};

/** Marks the world as changed. */
export function touch(world: WorldState): void {
  world.version += 1;
  world.changed();
}
