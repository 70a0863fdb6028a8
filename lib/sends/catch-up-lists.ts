import "server-only";
import type { Tenant } from "../actor";
import type { HistoryPage, HistoryRefusal, MessageHistory, News } from "../connections/schema";
import type { Asking } from "./catch-up-asking";
import { horizonMs } from "./catch-up-schedule";
import { fillBounces, fillNews } from "./fill";
import type { NewsLane } from "./store-catch-up";

const windowMsMin = 10 * 60_000;
/** What happened may show in a list only a while later. */
const lagMs = 10 * 60_000;
/** Of opens and of clicks. What lies behind is found by the looks at single sends. */
const pagesMax = 10;

export type Lists = { lane: NewsLane; tenant: Tenant; history: MessageHistory; asking: Asking };

/**
 * Bounces and complaints since `since`, in pieces short enough for the provider to show whole. `read` is called after each piece with how
 * much was new, and up to when all is read now.
 */
export async function readBounces(
  { lane, tenant, history, asking }: Lists,
  { since, now, read }: { since: Date | null; now: Date; read: (until: Date, filled: number) => Promise<void> },
): Promise<void> {
  const horizon = now.getTime() - horizonMs;
  let fromMs = Math.max(horizon, (since?.getTime() ?? horizon) - lagMs);
  let windowMs = horizonMs;
  while (fromMs < now.getTime() && !asking.stopped) {
    const until = new Date(Math.min(fromMs + windowMs, now.getTime()));
    const query = { stream: lane.stream, since: new Date(fromMs), until, messageId: null };
    const piece = await readPages(asking, Number.POSITIVE_INFINITY, {
      page: (offset) => history.bounces({ ...query, offset }),
      take: (items) => fillBounces(tenant, lane.connectionId, items),
    });
    if (piece.cut && windowMs > windowMsMin) {
      windowMs = Math.max(windowMs / 2, windowMsMin);
      continue;
    }
    if (asking.stopped) return;
    fromMs = until.getTime();
    await read(until, piece.filled);
  }
}

/** First opens and clicks since `since`. @returns how much was new */
export async function readEngagement(
  { lane, tenant, history, asking }: Lists,
  { since, now }: { since: Date | null; now: Date },
): Promise<number> {
  const horizon = now.getTime() - horizonMs;
  const query = { stream: lane.stream, since: new Date(Math.max(horizon, (since?.getTime() ?? horizon) - lagMs)) };
  const take = (items: News[]) => fillNews(tenant, lane.connectionId, items);
  const opens = await readPages(asking, pagesMax, { page: (offset) => history.opens({ ...query, offset }), take });
  const clicks = await readPages(asking, pagesMax, { page: (offset) => history.clicks({ ...query, offset }), take });
  return opens.filled + clicks.filled;
}

type Pages = {
  page: (offset: number) => Promise<HistoryPage<News> | HistoryRefusal>;
  take: (items: News[]) => Promise<number>;
};

/** `cut`: there is more than can be shown; what was shown is taken. */
async function readPages(
  asking: Asking,
  most: number,
  { page, take }: Pages,
): Promise<{ filled: number; cut: boolean }> {
  let filled = 0;
  let offset = 0;
  for (let count = 0; count < most; count += 1) {
    const shown = await asking.ask(() => page(offset));
    if (shown === null) break;
    filled += await take(shown.items);
    if (shown.next === null) return { filled, cut: shown.cut };
    offset = shown.next;
  }
  return { filled, cut: false };
}
