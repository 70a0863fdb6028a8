/** What a provider's answer to a question or a change of its settings came to. Ordinary business, so a value and not an exception. */
export type SetupAnswer<T> =
  | { kind: "ok"; value: T }
  /** It said no, in its own words; `code` is its own too. Nothing was changed. */
  | { kind: "refused"; code: number | null; message: string }
  /** It was not reached, or its answer was lost: a change may have been made. */
  | { kind: "unreachable"; message: string };

type LinkTracking = "None" | "HtmlAndText" | "HtmlOnly" | "TextOnly";

/** Settings of what the credentials open. */
export type ServerSettings = {
  id: string;
  name: string;
  sandbox: boolean;
  trackOpens: boolean;
  trackLinks: LinkTracking;
  smtpActivated: boolean;
};

export const hookTriggers = ["Delivery", "Bounce", "SpamComplaint", "Open", "Click", "SubscriptionChange"] as const;
export type HookTrigger = (typeof hookTriggers)[number];

/** A webhook as the provider has it. One belongs to one stream. */
export type ProviderWebhook = {
  id: string;
  url: string;
  stream: string;
  verified: boolean;
  /** Secrets in clear, as the provider shows them: they stay in this process. */
  auth: { username: string; password: string } | null;
  headers: { name: string; value: string }[];
  triggers: HookTrigger[];
  /** Opens after the first are not reported. */
  firstOpenOnly: boolean;
};

export type NewProviderWebhook = Pick<ProviderWebhook, "url" | "stream"> & { username: string; password: string };

/** What verifying came to: the provider posts a made-up event of each kind and wants 200. */
export type HookVerification = { verified: boolean; failures: { trigger: string; status: number; message: string }[] };

/** What the provider got from our address instead of 200. */
export function failureSentence(failures: HookVerification["failures"]): string {
  const [first] = failures;
  if (first === undefined) return "The address did not answer its samples with 200.";
  const got = first.status === 0 ? first.message || "no answer" : `HTTP ${first.status}`;
  const others = failures.length === 1 ? "" : ` and for ${failures.length - 1} more`;
  return `Postmark posted samples to the address and got ${got} for ${first.trigger}${others}, where only 200 counts.`;
}

/** A webhook's last 24 hours. `paused`: kinds that the provider no longer sends after too many failures. */
export type HookStatistics = { paused: HookTrigger[]; requests: number; failures: number };

/** What can be read and changed at the provider with a connection's own credentials. Five seconds a call; never throws. */
export interface ProviderSetup {
  readServer(): Promise<SetupAnswer<ServerSettings>>;
  /** Turns open and link tracking on for the whole server. */
  turnOnTracking(): Promise<SetupAnswer<ServerSettings>>;
  /** Makes a broadcast stream. */
  createStream(stream: { id: string; name: string; description: string }): Promise<SetupAnswer<{ id: string }>>;
  unarchiveStream(id: string): Promise<SetupAnswer<{ id: string }>>;
  listWebhooks(): Promise<SetupAnswer<ProviderWebhook[]>>;
  /** With every trigger; the provider verifies it before it is saved. */
  createWebhook(webhook: NewProviderWebhook): Promise<SetupAnswer<ProviderWebhook>>;
  /** Sets address, secret and triggers; verified again before anything is saved. */
  editWebhook(id: string, webhook: NewProviderWebhook): Promise<SetupAnswer<ProviderWebhook>>;
  verifyWebhook(id: string): Promise<SetupAnswer<HookVerification>>;
  webhookStatistics(id: string): Promise<SetupAnswer<HookStatistics>>;
  deleteWebhook(id: string): Promise<SetupAnswer<null>>;
}
