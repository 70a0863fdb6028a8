import "server-only";
import * as z from "zod";
import type { HistoryPage, HistoryRefusal, KeptMessage, KeptStory, MessageHistory } from "../message-history";
import type { News } from "../news";
import { causeOf, codeOf, type Exchange, envelopeOf } from "./exchange";
import { easternTime } from "./find";
import { storyOf } from "./message-story";
import type { Transport } from "./transport";
import { parsePostmarkWebhook } from "./webhook";
import { objectOf, textOf } from "./webhook-fields";

const pageRows = 500;
/** Postmark's own limit of count + offset (reference §1.7). */
const rowsMax = 10_000;
const timeoutMs = 5_000;
/** The search takes Eastern time without an offset, so an hour covers the clock changes (reference §1.6). */
const slackMs = 3_600_000;
/** "This message was not found", also of one that is no longer kept (reference §10). */
const messageNotFound = 701;

/** What Postmark's messages and bounces APIs tell of what was sent (reference §6, §10): one request for each call. */
export function keptHistory(transport: Transport): MessageHistory {
  const ask: Ask = (work) => transport.asServer(work, { startWithinMs: timeoutMs, timeoutMs });
  return {
    messages: async ({ stream, since, batchId, offset }) => {
      const filter = { messageStream: stream, fromDate: from(since), ...(batchId && { metadata_batch_id: batchId }) };
      const exchange = await ask((client) => client.getOutboundMessages({ ...filter, count: pageRows, offset }));
      return pageOf(exchange, "Messages", offset, keptMessage);
    },
    message: async (messageId) => storyFrom(await ask((client) => client.getOutboundMessageDetails(messageId))),
    bounces: async ({ stream, since, until, messageId, offset }) => {
      const filter = {
        messageStream: stream,
        ...(messageId === null ? exactly(since, until) : { fromDate: from(since), toDate: to(until) }),
        ...(messageId && { messageID: messageId }),
      };
      const exchange = await ask((client) => client.getBounces({ ...filter, count: pageRows, offset }));
      return pageOf(exchange, "Bounces", offset, newsOf(bounceType));
    },
    opens: async ({ stream, since, offset }) => {
      const filter = { messageStream: stream, count: pageRows, offset };
      const exchange = await ask((client) => client.getMessageOpens(filter));
      return endingAt(since, pageOf(exchange, "Opens", offset, newsOf("Open")));
    },
    clicks: async ({ stream, since, offset }) => {
      const filter = { messageStream: stream, count: pageRows, offset };
      const exchange = await ask((client) => client.getMessageClicks(filter));
      return endingAt(since, pageOf(exchange, "Clicks", offset, newsOf("Click")));
    },
  };
}

type Ask = (work: Parameters<Transport["asServer"]>[0]) => Promise<Exchange>;

const from = (since: Date) => easternTime(since.getTime() - slackMs);
const to = (until: Date) => easternTime(until.getTime() + slackMs);

/** To the second, so that a short time is one: with slack only where the same hour is told twice. */
const exactly = (since: Date, until: Date) => ({
  fromDate: isToldTwice(since) ? from(since) : easternTime(since.getTime()),
  toDate: isToldTwice(until) ? to(until) : easternTime(until.getTime() + 999),
});
const isToldTwice = (at: Date) =>
  [-slackMs, slackMs].some((ms) => easternTime(at.getTime() + ms) === easternTime(at.getTime()));

const listed = z.object({ TotalCount: z.coerce.number().int().min(0) });
const rows = z.array(z.record(z.string(), z.unknown()));

function pageOf<T>(
  exchange: Exchange,
  name: "Messages" | "Bounces" | "Opens" | "Clicks",
  offset: number,
  read: (row: Record<string, unknown>) => T | null,
): HistoryPage<T> | HistoryRefusal {
  if (exchange.kind !== "answer" || exchange.status !== 200) return refusalOf(exchange);
  const body = objectOf(withWrittenIds(exchange));
  const [counted, shown] = [listed.safeParse(body), rows.safeParse(body[name])];
  if (!counted.success || !shown.success) return refusalOf(exchange);
  const end = offset + shown.data.length;
  const more = shown.data.length > 0 && end < counted.data.TotalCount;
  const next = more && end + pageRows <= rowsMax ? end : null;
  return { kind: "page", items: shown.data.flatMap((row) => read(row) ?? []), next, total: counted.data.TotalCount };
}

/** Lists without a date end where a whole page lies before it: they are told newest first. */
function endingAt(since: Date, page: HistoryPage<News> | HistoryRefusal): HistoryPage<News> | HistoryRefusal {
  if (page.kind !== "page") return page;
  const items = page.items.filter(({ occurredAt }) => Date.parse(occurredAt) >= since.getTime());
  return { ...page, items, next: items.length === 0 ? null : page.next };
}

function storyFrom(exchange: Exchange): KeptStory | HistoryRefusal {
  if (exchange.kind === "answer" && envelopeOf(exchange.body).code === messageNotFound) return { kind: "gone" };
  if (exchange.kind !== "answer" || exchange.status !== 200) return refusalOf(exchange);
  return storyOf(objectOf(exchange.body), new Date()) ?? refusalOf(exchange);
}

/** What the lists show is the webhook's payload without its metadata, so it is read as one. */
const newsOf =
  (recordType: string | ((row: Record<string, unknown>) => string)) =>
  (row: Record<string, unknown>): News | null => {
    const RecordType = typeof recordType === "string" ? recordType : recordType(row);
    return parsePostmarkWebhook({ text: "", body: { ...row, RecordType } }, new Date());
  };

/** As the webhook of it is called, on which its key depends. */
const bounceType = (row: Record<string, unknown>) => (row.Type === "SpamComplaint" ? "SpamComplaint" : "Bounce");

function keptMessage(row: Record<string, unknown>): KeptMessage | null {
  const messageId = textOf(row, "MessageID", 100)?.toLowerCase();
  return messageId ? { messageId, waiting: row.Status === "Queued" } : null;
}

/**
 * The body with the ids of bounces in all their digits (64 bits, reference §6): JSON.parse would round them, and two would become one.
 * A key inside a string has its quotes escaped, so what is found stands for itself.
 */
function withWrittenIds({ text, body }: Exchange & { kind: "answer" }): unknown {
  const quoted = text.replace(/"ID"(\s*:\s*)(-?\d{16,})/g, '"ID"$1"$2"');
  return quoted === text ? body : JSON.parse(quoted);
}

function refusalOf(exchange: Exchange): HistoryRefusal {
  const cause = causeOf(exchange);
  if (exchange.kind !== "answer") return { kind: "cannot_know", cause, about: "other", retryAfterMs: null };
  const { status, retryAfterMs } = exchange;
  const about = status === 401 ? "credentials" : status === 429 ? "pace" : "other";
  return { kind: "cannot_know", cause, about, retryAfterMs, code: codeOf(exchange) };
}
