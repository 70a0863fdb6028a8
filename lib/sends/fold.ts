import type { News } from "../connections/schema";
import { advance, isInFlight, type SendFact, type SendStatus } from "./advance";

/** What is known of a send while it is held for an update. */
export type SendState = { id: string; status: SendStatus; provider_message_id: string | null };

/** What news adds to a send. Times are the first of their kind; counts are to be added. */
export type SendChange = {
  id: string;
  status: SendStatus;
  /** It was queued, sending or unknown: the provider's word settles it. */
  settles: boolean;
  statusChanged: boolean;
  detail: string | null;
  providerMessageId: string | null;
  /** Of the attempt that was taken, when the news says it. */
  batchId: string | null;
  recipient: string | null;
  deliveredAt: Date | null;
  bouncedAt: Date | null;
  complainedAt: Date | null;
  openedAt: Date | null;
  clickedAt: Date | null;
  opens: number;
};

const facts: Record<News["kind"], SendFact> = {
  delivered: "delivered",
  bounced: "bounced",
  complained: "complained",
  failed: "failed",
  // These move no status beyond what they prove: that the provider has the message.
  opened: "accepted",
  clicked: "accepted",
  transient: "accepted",
  subscription: "accepted",
};

/** What news of one send comes to, in whatever order it is given. */
export function foldNews(send: SendState, news: readonly News[]): SendChange {
  const status = news.reduce((now, item) => advance(now, facts[item.kind]), settledBefore(send));
  const first = (kind: News["kind"]) => earliest(news.filter((item) => item.kind === kind));
  return {
    id: send.id,
    status,
    settles: isInFlight(send.status),
    statusChanged: status !== send.status,
    detail: status === "failed" ? wordsOf(news.find((item) => item.kind === "failed")) : null,
    providerMessageId: news.find((item) => item.providerMessageId !== null)?.providerMessageId ?? null,
    batchId: news.find(({ batchId }) => batchId)?.batchId ?? null,
    recipient: news.find((item) => item.recipient !== null)?.recipient ?? null,
    deliveredAt: first("delivered"),
    bouncedAt: first("bounced"),
    complainedAt: first("complained"),
    openedAt: first("opened"),
    clickedAt: first("clicked"),
    opens: news.filter((item) => item.kind === "opened").length,
  };
}

/** "Failed" is the provider's word once it has told an id of the message; before, it was ours, and counts as little as "skipped". */
const settledBefore = ({ status, provider_message_id: messageId }: SendState): SendStatus =>
  status === "failed" && messageId === null ? "skipped" : status;

/** How the timeline calls it. */
export function engagementKind(news: News): string {
  if (news.kind !== "subscription") return news.kind;
  if (news.suppression?.active === false) return "resubscribed";
  const { reason } = news.suppression ?? {};
  return reason === "hard_bounce" || reason === "spam_complaint" ? "suppressed" : "unsubscribed";
}

/** Clicks count once for each link and recipient. Null: not a click. */
export function clickedLink(news: News): string | null {
  if (news.kind !== "clicked") return null;
  const { link } = news.data;
  return `${(news.recipient ?? "").toLowerCase()} ${typeof link === "string" ? link : news.newsKey}`;
}

const aheadMsMax = 24 * 3600 * 1000;
const oldest = Date.UTC(2000, 0, 1);

/** The same news with a time that can be: what no clock can have said is taken for the moment of receipt. */
export function withPossibleTime(news: News, receivedAt: Date): News {
  const at = new Date(news.occurredAt).getTime();
  const possible = at >= oldest && at <= receivedAt.getTime() + aheadMsMax;
  return { ...news, occurredAt: (possible ? new Date(at) : receivedAt).toISOString() };
}

function earliest(news: readonly News[]): Date | null {
  if (news.length === 0) return null;
  return new Date(Math.min(...news.map((item) => new Date(item.occurredAt).getTime())));
}

function wordsOf(news: News | undefined): string | null {
  const { description, details } = news?.data ?? {};
  const words = [description, details].find((text) => typeof text === "string" && text !== "");
  return typeof words === "string" ? words : null;
}
