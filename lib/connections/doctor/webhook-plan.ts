import type { HookTrigger, ProviderWebhook } from "../provider-setup";
import { hookTriggers } from "../provider-setup";
import type { DoctorFacts, HookAddress } from "./facts";

/** What is to be done about the webhook of one stream, and what is wrong until then. */
export type WebhookPlan =
  | { kind: "fine"; webhook: ProviderWebhook; oldSecret: boolean }
  | { kind: "register" }
  | { kind: "edit"; webhook: ProviderWebhook; problems: string[]; grave: boolean }
  | { kind: "verify"; webhook: ProviderWebhook; problems: string[] };

/** Ours are those whose path names this connection, on whatever host. All others are strangers', and left alone. */
export const isOurs = ({ url }: Pick<ProviderWebhook, "url">, { path }: Pick<HookAddress, "path">): boolean =>
  URL.canParse(url) && new URL(url).pathname.toLowerCase().includes(path.toLowerCase());

/** Without these, bounces, complaints and unsubscribes go unseen; opens and clicks are only figures. */
const essential: readonly HookTrigger[] = ["Delivery", "Bounce", "SpamComplaint", "SubscriptionChange"];

type Known = Pick<DoctorFacts, "hook" | "statistics">;

/** Compares our webhooks of a stream with what they should be. Of several, the one that lacks least is kept. */
export function webhookPlan(ours: readonly ProviderWebhook[], known: Known): WebhookPlan {
  const webhook = keptOf(ours, known);
  if (webhook === undefined) return { kind: "register" };
  const { problems, grave, oldSecret } = examined(webhook, known);
  if (problems.length > 0) return { kind: "edit", webhook, problems, grave };
  const paused = known.statistics.get(webhook.id)?.paused ?? [];
  if (!webhook.verified)
    return { kind: "verify", webhook, problems: ["Postmark has not verified it, so it sends nothing."] };
  if (paused.length > 0)
    return { kind: "verify", webhook, problems: [`Postmark paused ${paused.join(", ")} after too many failures.`] };
  return { kind: "fine", webhook, oldSecret };
}

/** Ours of one stream, best first: the rest are duplicates. */
function keptOf(ours: readonly ProviderWebhook[], known: Known): ProviderWebhook | undefined {
  const lacks = (webhook: ProviderWebhook) => {
    const works = webhook.verified && !known.statistics.get(webhook.id)?.paused.length;
    return examined(webhook, known).problems.length * 2 + (works ? 0 : 1);
  };
  return [...ours].sort((a, b) => lacks(a) - lacks(b) || Number(a.id) - Number(b.id))[0];
}

/** Every webhook of ours that another one of the same stream makes needless. */
export function duplicatesOf(webhooks: readonly ProviderWebhook[], known: Known): ProviderWebhook[] {
  const ours = webhooks.filter((webhook) => isOurs(webhook, known.hook));
  const streams = [...new Set(ours.map(({ stream }) => stream))];
  return streams.flatMap((stream) => {
    const here = ours.filter((webhook) => webhook.stream === stream);
    const kept = keptOf(here, known);
    return here.filter(({ id }) => id !== kept?.id);
  });
}

function examined(webhook: ProviderWebhook, { hook }: Known) {
  const secret = secretOf(webhook, hook);
  const missing = hookTriggers.filter((name) => !webhook.triggers.includes(name));
  const lost = missing.filter((name) => essential.includes(name));
  const wrongUrl = withoutUser(webhook.url) !== withoutUser(hook.url); // APP_URL may be spelt in another way
  const problems = [
    ...(wrongUrl ? [`It points to ${withoutUser(webhook.url)}.`] : []),
    ...(secret === "wrong" ? ["It carries another secret, so what it brings is refused."] : []),
    ...(missing.length > 0 ? [`It does not report ${missing.join(", ")}.`] : []),
    ...(webhook.firstOpenOnly ? ["It reports only first opens."] : []),
  ];
  return { problems, grave: wrongUrl || secret === "wrong" || lost.length > 0, oldSecret: secret === "old" };
}

/** It may be given as HTTP Basic, within the URL, or as our own header: `webhookSender` takes all three. */
function secretOf({ url, auth, headers }: ProviderWebhook, { secret, previousSecret }: HookAddress) {
  if (secret === null) return "not known";
  const { username, password } = new URL(url);
  const basics = [auth, { username: decoded(username), password: decoded(password) }];
  const given = [
    ...basics.flatMap((basic) => (basic?.username === "gflux" ? [basic.password] : [])),
    ...headers.filter(({ name }) => name.toLowerCase() === "x-gflux-webhook-secret").map(({ value }) => value),
  ];
  if (given.includes(secret)) return "right";
  return previousSecret !== null && given.includes(previousSecret) ? "old" : "wrong";
}

/** A stray % is no escape: somebody typed it, and it stays. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** For people: userinfo may be a secret. */
export function withoutUser(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/$/, "");
}
