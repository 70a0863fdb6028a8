import "server-only";
import * as z from "zod";
import type { FindOutcome, FoundMessage } from "../connector";
import { causeOf } from "./exchange";
import type { Transport } from "./transport";

const pageRows = 500;
/** Postmark's own limit of count + offset (reference §1.7). */
const rowsMax = 10_000;
const timeoutMs = 10_000;
const slackMs = 3_600_000;

const page = z.object({
  TotalCount: z.coerce.number().int(),
  Messages: z.array(
    z.object({
      MessageID: z.string(),
      Recipients: z.array(z.string()).nullish(),
      Metadata: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});

/**
 * Every message of a batch that the search shows. It takes one metadata key only, so the batch is asked for and each message
 * tells its send (reference §10, §12). Without the stream's name broadcast messages are invisible.
 */
export async function findBatch(
  transport: Transport,
  { batchId, stream, since }: { batchId: string; stream: string; since: Date },
): Promise<FindOutcome> {
  const messages: FoundMessage[] = [];
  const filter = {
    messageStream: stream,
    fromDate: easternTime(since.getTime() - slackMs),
    metadata_batch_id: batchId,
  };
  for (let offset = 0; offset < rowsMax; offset += pageRows) {
    const exchange = await transport.asServer(
      (client) => client.getOutboundMessages({ ...filter, count: pageRows, offset }),
      { startWithinMs: timeoutMs, timeoutMs },
    );
    const read = exchange.kind === "answer" && exchange.status === 200 ? page.safeParse(exchange.body) : null;
    if (!read?.success) {
      const aboutCredentials = exchange.kind === "answer" && exchange.status === 401;
      return { kind: "cannot_know", cause: causeOf(exchange), aboutCredentials };
    }
    messages.push(...read.data.Messages.filter((found) => isOf(found.Metadata, batchId)).map(foundMessage));
    if (offset + read.data.Messages.length >= read.data.TotalCount) return { kind: "found", messages };
    if (read.data.Messages.length === 0) break;
  }
  return { kind: "cannot_know", cause: "the search did not show all that it counted", aboutCredentials: false };
}

/** Guards against a search that ignored the filter. What shows no metadata at all was found by it. */
const isOf = (metadata: Record<string, unknown> | null | undefined, batchId: string) =>
  metadata == null || metadata.batch_id === batchId;

function foundMessage(found: z.infer<typeof page>["Messages"][number]): FoundMessage {
  const sendId = found.Metadata?.send_id;
  return {
    sendId: typeof sendId === "string" ? sendId : null,
    messageId: found.MessageID.toLowerCase(),
    to: found.Recipients?.[0]?.toLowerCase() ?? null,
  };
}

const eastern = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "America/New_York",
  dateStyle: "short",
  timeStyle: "medium",
});

/** `2026-11-21T09:30:00`, as the search takes it: US Eastern time, without an offset. The hour of slack covers clock changes. */
export const easternTime = (atMs: number): string => eastern.format(atMs).replace(" ", "T");
