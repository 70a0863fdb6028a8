import "server-only";
import type { Tenant } from "../actor";
import type { HistoryPage, HistoryRefusal, MessageHistory, News } from "../connections/schema";
import type { Asking } from "./catch-up-asking";
import { horizonMs } from "./catch-up-schedule";
import { fillBounces, fillNews } from "./fill";
import type { NewsLane } from "./store-catch-up";
import { type WindowShown, walkWindows } from "./time-windows";

/** What happened may show in a list only a while later. */
const lateMs = { bounces: 3_600_000, engagement: 10 * 60_000 };
const bouncesWindowMsMin = 60_000;
/** Bounces that are read before it is saved how far that came, where the time can be shortened to so many. */
const bouncesPerWindow = 2_000;
/** Of opens and of clicks. What lies behind is found by the looks at single sends. */
const pagesMax = 10;

export type Lists = { lane: NewsLane; tenant: Tenant; history: MessageHistory; asking: Asking };

/**
 * Bounces and complaints since `since`, in windows short enough for the provider to show whole. `read` is called after each with how much
 * was new, and from when on they are to be read the next time. @returns how much was new in a window that was not read to its end
 */
export async function readBounces(
  { lane, tenant, history, asking }: Lists,
  { since, now, read }: { since: Date | null; now: Date; read: (until: Date, filled: number) => Promise<void> },
): Promise<number> {
  const settledMs = now.getTime() - lateMs.bounces;
  let unsaved = 0;
  await walkWindows({
    fromMs: Math.max(now.getTime() - horizonMs, since?.getTime() ?? 0),
    toMs: now.getTime(),
    widestMs: horizonMs,
    narrowestMs: bouncesWindowMsMin,
    show: async (sinceMs, untilMs, shorter) => {
      const query = { stream: lane.stream, since: new Date(sinceMs), until: new Date(untilMs), messageId: null };
      const { shown, filled } = await readPages(asking, {
        page: (offset) => history.bounces({ ...query, offset }),
        take: (items) => fillBounces(tenant, lane.connectionId, items),
        rowsMax: shorter ? bouncesPerWindow : Number.POSITIVE_INFINITY,
      });
      unsaved += filled;
      if (shown !== "whole") return shown;
      await read(new Date(Math.min(untilMs, settledMs)), unsaved);
      unsaved = 0;
      return shown;
    },
  });
  return unsaved;
}

/** First opens and clicks since `since`. @returns how much was new */
export async function readEngagement(
  { lane, tenant, history, asking }: Lists,
  { since, now }: { since: Date | null; now: Date },
): Promise<number> {
  const horizon = now.getTime() - horizonMs;
  const query = {
    stream: lane.stream,
    since: new Date(Math.max(horizon, (since?.getTime() ?? horizon) - lateMs.engagement)),
  };
  const take = (items: News[]) => fillNews(tenant, lane.connectionId, items);
  const opens = await readPages(asking, { page: (offset) => history.opens({ ...query, offset }), take, pagesMax });
  const clicks = await readPages(asking, { page: (offset) => history.clicks({ ...query, offset }), take, pagesMax });
  return opens.filled + clicks.filled;
}

type Pages = {
  page: (offset: number) => Promise<HistoryPage<News> | HistoryRefusal>;
  take: (items: News[]) => Promise<number>;
  pagesMax?: number;
  /** When there are more nothing of them is taken. */
  rowsMax?: number;
};

/** All pages that can be shown, up to `pagesMax`. What is taken counts, also when it is stopped before the last. */
async function readPages(
  asking: Asking,
  { page, take, pagesMax: most = Number.POSITIVE_INFINITY, rowsMax = Number.POSITIVE_INFINITY }: Pages,
): Promise<{ filled: number; shown: WindowShown }> {
  let filled = 0;
  let offset: number | null = 0;
  for (let count = 0; count < most && offset !== null; count += 1) {
    const from: number = offset;
    const part: HistoryPage<News> | null = await asking.ask(() => page(from));
    if (part === null) return { filled, shown: "stopped" };
    if (part.total > rowsMax) return { filled, shown: "too_many" };
    filled += await take(part.items);
    offset = part.next;
  }
  return { filled, shown: "whole" };
}
