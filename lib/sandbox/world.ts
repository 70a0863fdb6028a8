import "server-only";
import * as z from "zod";
import {
  alterServer,
  alterStream,
  alterWebhook,
  type ServerChange,
  type StreamChange,
  type WebhookChange,
} from "./alter";
import { type FaultRule, faultRule } from "./fault-rule";
import { addFault, removeFaults } from "./faults";
import { happen, Impossible } from "./happenings";
import type { HookEngine } from "./hooks";
import { release } from "./lifecycle";
import { type AcceptedMessage, acceptedMessage, hookEntry, type OutboxMessage, outboxMessage } from "./outbox";
import { source, storedCopy } from "./render";
import {
  type ActionData,
  type ActionType,
  type NewStream,
  type NewSuppression,
  type NewWebhook,
  newWebhook,
  type Settings,
  type SettingsPatch,
  settingsPatch,
  triggerNames,
} from "./schema";
import { type HookDelivery, type RequestLog, type Suppression, touch, type WorldState } from "./state";
import { blank, findStream } from "./streams";
import { seenSuppressions, suppress } from "./suppression-list";
import { noTriggers } from "./webhook-input";

type FaultReport = {
  id: string;
  action: FaultRule["action"];
  rule: FaultRule;
  matched: number;
  fired: number;
  followed: number;
};
type FaultHandle = { id: string; fired(): number; matched(): number; followed(): number; remove(): void };

/** One isolated account with one server, held in process: the same things the control plane does. Times are the world's. */
export type World = {
  name: string;
  /** Base URL for POSTMARK_API_URL. */
  apiUrl: string;
  outboxUrl: string;
  /** The first token that is still good. */
  readonly serverToken: string;
  accountToken: string;
  readonly server: { id: number; name: string };
  /** All accepted messages in the order of acceptance, whatever search knows. */
  outbox(): OutboxMessage[];
  /** The same in short, from the nth on: what a test can afford to ask for again and again. */
  accepted(from?: number): AcceptedMessage[];
  message(messageId: string): OutboxMessage | undefined;
  /** What the first recipient would have got: placeholders replaced, links rewritten. */
  stored(messageId: string): { html: string | null; text: string | null; source: string } | undefined;
  /** Throws `Impossible` when that cannot happen, such as a click on a mail without links. */
  act(messageId: string, type: ActionType, data?: ActionData): void;
  addFault(rule: FaultRule): FaultHandle;
  faults(): FaultReport[];
  clearFaults(): void;
  /** Changes what is given, gives all. */
  settings(patch?: SettingsPatch): Settings;
  addSuppression(suppression: NewSuppression): void;
  suppressions(stream: string): Suppression[];
  hooks(): HookDelivery[];
  replayHook(eventId: string): boolean;
  requests(): RequestLog[];
  /** A further token of this server; absent: a fresh one. Gives it. */
  addServerToken(token?: string): string;
  revokeToken(token: string): void;
  addStream(stream: NewStream): void;
  /** Puts a verified webhook in place, without probes. Gives its id. */
  registerWebhook(webhook: NewWebhook): number;
  webhooks(): { id: number; url: string; stream: string }[];
  /** What is done in Postmark's own pages, or by time: the API alone could not. */
  alterServer(change: ServerChange): void;
  alterStream(id: string, change: StreamChange): void;
  alterWebhook(id: number, change: WebhookChange): void;
  /** Another server of the same account, reached under this world's address by its own token. */
  addServer(name?: string): World;
  advance(byMs: number): Promise<void>;
  /** Resolves when nothing is planned and nothing in flight, webhook retries included. */
  idle(): Promise<void>;
};

export type WorldParts = { state: WorldState; hooks: HookEngine; addSibling: (name?: string) => World };

export function worldHandle({ state, hooks, addSibling }: WorldParts): World {
  const find = (id: string) => state.messages.get(id.toLowerCase());
  return {
    name: state.name,
    apiUrl: state.baseUrl,
    outboxUrl: `${state.baseUrl}/outbox`,
    accountToken: state.accountToken,
    get serverToken() {
      return state.serverTokens[0] ?? "";
    },
    get server() {
      return { id: state.server.id, name: state.server.name };
    },
    outbox: () => [...state.messages.values()].map(outboxMessage),
    accepted: (from = 0) => [...state.messages.values()].slice(from).map(acceptedMessage),
    message: (id) => {
      const message = find(id);
      return message && outboxMessage(message);
    },
    stored: (id) => storedMessage(state, id),
    act(id, type, data) {
      const message = find(id);
      if (!message) throw new Impossible("There is no such message.");
      happen(state, message, { type, ...data });
    },
    addFault: (rule) => faultHandle(state, rule),
    faults: () =>
      state.faults.map(({ chance: _, addedAtMs: __, ...fault }) => ({ ...fault, action: fault.rule.action })),
    clearFaults: () => void removeFaults(state),
    settings: (patch) => changeSettings(state, patch),
    addSuppression({ stream, email, reason = "ManualSuppression", origin = "Customer" }) {
      if (!findStream(state, stream)) throw new Impossible(`There is no stream ${stream}.`);
      suppress(state, stream, { email, reason, origin, message: null, delayMs: 0 });
    },
    suppressions: (stream) => seenSuppressions(state, stream).map((s) => ({ ...s })),
    hooks: () => state.hooks.map(hookEntry),
    replayHook: (eventId) => hooks.replay(eventId),
    requests: () => state.requests.map((r) => ({ ...r })),
    addServerToken: (token = state.chance.guid()) => {
      if (!state.serverTokens.includes(token)) state.serverTokens.push(token);
      touch(state);
      return token;
    },
    revokeToken(token) {
      state.serverTokens = state.serverTokens.filter((t) => t.toLowerCase() !== token.toLowerCase());
      touch(state);
    },
    addStream: (stream) => addStream(state, stream),
    registerWebhook: (webhook) => registerWebhook(state, webhook),
    webhooks: () => state.webhooks.map(({ id, url, stream }) => ({ id, url, stream })),
    alterServer: (change) => alterServer(state, change),
    alterStream: (id, change) => alterStream(state, id, change),
    alterWebhook: (id, change) => alterWebhook(state, id, change),
    addServer: (name) => addSibling(name),
    advance: (byMs) => state.clock.advance(byMs),
    idle: () => state.clock.idle(),
  };
}

function storedMessage(state: WorldState, id: string) {
  const message = state.messages.get(id.toLowerCase());
  if (!message) return undefined;
  const stream = findStream(state, message.stream);
  const { html, text } = storedCopy(message, stream, { base: state.baseUrl, recipient: 0, tracking: true });
  return { html, text, source: source(message, stream, state.baseUrl, state.server.id) };
}

function faultHandle(state: WorldState, rule: FaultRule): FaultHandle {
  const fault = addFault(state, faultRule.parse(rule));
  return {
    id: fault.id,
    fired: () => fault.fired,
    matched: () => fault.matched,
    followed: () => fault.followed,
    remove: () => void removeFaults(state, fault.id),
  };
}

function changeSettings(state: WorldState, patch: SettingsPatch | undefined): Settings {
  if (patch) {
    Object.assign(state.settings, settingsPatch.parse(patch));
    release(state, new Set());
  }
  return { ...state.settings };
}

function addStream(state: WorldState, { id, name = id, type = "Broadcasts", unsubscribe }: NewStream): void {
  if (findStream(state, id)) throw new Impossible(`The stream ${id} exists.`);
  state.streams.push({
    ...blank(state.clock.nowMs()),
    id,
    name,
    type,
    unsubscribe: unsubscribe ?? (type === "Broadcasts" ? "Postmark" : "None"),
  });
  touch(state);
}

const hookUrl = z.url({ protocol: /^https?$/ });

/** Puts a verified webhook in place, without probes. Gives its id. Throws a ZodError on a URL that is none. */
export function registerWebhook(state: WorldState, given: NewWebhook): number {
  const webhook = newWebhook.parse(given);
  const { username = "", password = "", headers = {}, triggers = [...triggerNames] } = webhook;
  const switches = noTriggers();
  if (!findStream(state, webhook.stream ?? "outbound")) throw new Impossible(`There is no stream ${webhook.stream}.`);
  for (const name of triggers) switches[name].enabled = true;
  switches.Open.postFirstOpenOnly = webhook.postFirstOpenOnly ?? false;
  switches.Bounce.includeContent = webhook.includeContent ?? false;
  switches.SpamComplaint.includeContent = webhook.includeContent ?? false;
  state.counters.webhook += 1;
  const id = 900_000 + state.counters.webhook;
  state.webhooks.push({
    id,
    url: hookUrl.parse(webhook.url),
    stream: webhook.stream ?? "outbound",
    verified: true,
    auth: username || password ? { username, password } : null,
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    triggers: switches,
    failures: {},
    paused: [],
  });
  touch(state);
  return id;
}
