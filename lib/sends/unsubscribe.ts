import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { systemClock } from "../clock";
import type { News } from "../connections/schema";
import { type Db, db, retryTransient, transaction } from "../db";
import { suppressedAmong, unsubscribeStanding } from "../suppressions";
import { normalEmail } from "../suppressions/schema";
import { wake } from "../wake";
import { maskEmail } from "./mask-email";
import { takeNews } from "./news";
import { shortKey } from "./store-news";
import { selectSender } from "./store-unsubscribe";
import { readUnsubscribeToken, type UnsubscribeLink } from "./unsubscribe-link";

/**
 * What a link of ours says about its address and its kind of mail. `unknown`: not a link of ours. `gone`: it was, and whoever sent it is no
 * longer here. `blocked`: not unsubscribed, but nothing is sent there for another reason (a bounce, a complaint, by hand).
 */
export type Subscription =
  | { kind: "unknown" }
  | { kind: "gone" }
  | { kind: "subscribed" | "unsubscribed" | "blocked"; sender: string; maskedEmail: string };

/** How the link stands. Changes nothing. */
export const readSubscription = (token: string): Promise<Subscription> => standing(db, readUnsubscribeToken(token));

/**
 * The recipient wants no more mail of this connection and stream: from the answer on none begins to leave, runs that end by it end, and
 * the send and its person say so. Again is harmless. `via`: by which door it came, for the record.
 */
export const unsubscribe = (token: string, via: "page" | "one_click"): Promise<Subscription> =>
  changed(readUnsubscribeToken(token), async (tx, tenant, link) => {
    const known = await unsubscribeStanding(tx, tenant, link);
    return known?.active ? null : newsOf(link, { active: true, after: known?.changedAt ?? null, via });
  });

/**
 * Takes back what such a link did, and nothing else: what a bounce, a complaint or the sender stopped stays stopped. A list that the
 * provider keeps is told of both, soon after.
 */
export const resubscribe = (token: string): Promise<Subscription> =>
  changed(readUnsubscribeToken(token), async (tx, tenant, link) => {
    const known = await unsubscribeStanding(tx, tenant, link);
    if (!known?.active || !known.byRecipient) return null;
    return newsOf(link, { active: false, after: known.changedAt, via: "page" });
  });

type Change = (tx: Db, tenant: Tenant, link: UnsubscribeLink) => Promise<News | null>;

/** The recipient's word is taken as the provider's would be: one path for both, with all that follows. */
async function changed(link: UnsubscribeLink | null, change: Change): Promise<Subscription> {
  if (link === null) return { kind: "unknown" };
  const tenant = systemTenant(link.workspaceId);
  const { subscription, woken } = await retryTransient(() =>
    transaction(async (tx) => {
      if ((await standing(tx, link)).kind === "gone") return { subscription: { kind: "gone" } as const, woken: 0 };
      const news = await change(tx, tenant, link);
      const taken = news && (await takeNews(tx, tenant, link.connectionId, [news]));
      return { subscription: await standing(tx, link), woken: taken?.woken ?? 0 };
    }),
  );
  if (woken > 0) wake();
  return subscription;
}

async function standing(at: Db, link: UnsubscribeLink | null): Promise<Subscription> {
  if (link === null) return { kind: "unknown" };
  const tenant = systemTenant(link.workspaceId);
  const sender = await selectSender(at, tenant);
  if (sender === null) return { kind: "gone" };
  const email = normalEmail(link.email);
  const known = await unsubscribeStanding(at, tenant, link);
  const suppressed = await suppressedAmong(at, tenant, { ...link, emails: [email] });
  const kind = known?.active ? "unsubscribed" : suppressed.has(email) ? "blocked" : "subscribed";
  return { kind, sender, maskedEmail: maskEmail(link.email) };
}

/**
 * `after`: when it last changed. The new word is newer whatever clock that was told by, and whoever says the same at the same moment says
 * it once (`newsKey`).
 */
function newsOf(
  { sendId, stream, email }: UnsubscribeLink,
  { active, after, via }: { active: boolean; after: Date | null; via: string },
): News {
  const said = [sendId, stream, normalEmail(email), after?.toISOString() ?? "first"].join("\n");
  const atMs = Math.max(systemClock().getTime(), (after?.getTime() ?? 0) + 1);
  return {
    kind: "subscription",
    recordType: "Link",
    newsKey: shortKey(active ? "unsubscribe" : "resubscribe", said),
    providerMessageId: null,
    sendId,
    recipient: normalEmail(email),
    stream,
    occurredAt: new Date(atMs).toISOString(),
    suppression: { active, reason: "unsubscribe", origin: "recipient", scope: "stream", listed: false },
    data: { via },
  };
}
