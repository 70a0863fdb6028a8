import type { News } from "./news";

/** Where a list of the provider's is read from: the first page at 0, the next one where the page before says. */
type Offset = { offset: number };

/**
 * One page of a list, as many items as the provider gives at once. `next`: where it goes on; null: that was all, or all that can be shown
 * where the `total` is more: a shorter time shows the rest. `total`: of all pages, as the provider counts.
 */
export type HistoryPage<T> = { kind: "page"; items: T[]; next: number | null; total: number };

/** It could not be asked. `retryAfterMs`: when it asked for a pause and said how long; `code`: the provider's own, where it gave one. */
export type HistoryRefusal = {
  kind: "cannot_know";
  cause: string;
  about: "credentials" | "pace" | "other";
  retryAfterMs: number | null;
  code?: number | null;
};

/** What the provider's search shows of a message. `waiting`: it has not left, so there is nothing to tell of it yet. */
export type KeptMessage = { messageId: string; waiting: boolean };

/**
 * What a provider keeps of one message. `bounced`: also bounces or complaints, which `bounces` tells with all that belongs to them.
 * `gone`: it keeps nothing of it, or no longer.
 */
export type KeptStory = { kind: "story"; news: News[]; bounced: boolean } | { kind: "gone" };

/**
 * What the provider remembers of messages that were sent, told as the same news as by webhook. It remembers less than webhooks tell: of
 * opens the first, of clicks the first on each link. Each method makes one bounded call, and never throws for what the provider does.
 */
export interface MessageHistory {
  /** Messages of a stream that were taken since a moment: of one batch, or all. */
  messages(
    query: { stream: string; since: Date; batchId: string | null } & Offset,
  ): Promise<HistoryPage<KeptMessage> | HistoryRefusal>;
  /** What happened to one message. Its news have keys of their own: what a webhook told is to be known by its kind and link. */
  message(messageId: string): Promise<KeptStory | HistoryRefusal>;
  /** Bounces and complaints of a stream between two moments, or of one message. Their news have the keys that webhooks give them. */
  bounces(
    query: { stream: string; since: Date; until: Date; messageId: string | null } & Offset,
  ): Promise<HistoryPage<News> | HistoryRefusal>;
  /** First opens of a stream's messages, newest first. */
  opens(query: { stream: string; since: Date } & Offset): Promise<HistoryPage<News> | HistoryRefusal>;
  /** First clicks on each link of a stream's messages, newest first. */
  clicks(query: { stream: string; since: Date } & Offset): Promise<HistoryPage<News> | HistoryRefusal>;
}
