import "server-only";
import * as z from "zod";
import type { CheckOutcome, Stream } from "../connector";
import { causeOf, type Exchange, envelopeOf } from "./exchange";
import type { Transport } from "./transport";

const withinMs = 5_000;
/** Any window proves the token; Postmark refuses one of more than a year (1500). */
const windowMs = 30 * 86_400_000;

/** Only what is kept: GET /server answers with the server's own tokens, and they end here. */
const server = z.object({ ID: z.number(), Name: z.string(), DeliveryType: z.string().nullish() });
const streams = z.object({
  MessageStreams: z.array(
    z.object({
      ID: z.string(),
      Name: z.string(),
      MessageStreamType: z.string(),
      ArchivedAt: z.string().nullish(),
      SubscriptionManagementConfiguration: z.object({ UnsubscribeHandlingType: z.string().nullish() }).nullish(),
    }),
  ),
});

/** Whether a token opens a server, and which; within five seconds, whatever happens. */
export async function checkToken(transport: Transport, now: Date): Promise<CheckOutcome> {
  const startedAtMs = performance.now();
  const remaining = () => {
    const leftMs = Math.max(withinMs - (performance.now() - startedAtMs), 0);
    return { startWithinMs: leftMs, timeoutMs: Math.ceil(leftMs) };
  };
  const fromDate = new Date(now.getTime() - windowMs).toISOString().slice(0, 10);
  const [stats, own, list] = await Promise.all([
    transport.asServer((client) => client.getOutboundOverview({ fromDate }), remaining()),
    transport.asServer((client) => client.getServer(), remaining()),
    transport.asServer(
      (client) => client.getMessageStreams({ messageStreamType: "All", includeArchivedStreams: true }),
      remaining(),
    ),
  ]);
  const refused = [stats, own, list].find(isBadToken);
  if (refused)
    return {
      kind: "bad_credentials",
      accountToken: await opensAccount(transport, remaining()),
      message: causeOf(refused),
    };
  const read = { server: dataOf(own, server), streams: dataOf(list, streams) };
  if (!read.server || !read.streams) return failureOf(read.server ? list : own);
  const { ID, Name, DeliveryType } = read.server;
  return {
    kind: "ready",
    server: { id: String(ID), name: Name, sandbox: DeliveryType?.toLowerCase() === "sandbox" },
    streams: read.streams.MessageStreams.map(streamOf),
    // 614: the plan has no statistics. However they fail, the token was accepted elsewhere, and sending needs none.
    statsAvailable: stats.kind === "answer" && stats.status === 200,
  };
}

const isBadToken = (exchange: Exchange) =>
  exchange.kind === "answer" && (exchange.status === 401 || envelopeOf(exchange.body).code === 10);

/** The commonest mistake: the account's token pasted where the server's belongs. */
async function opensAccount(transport: Transport, limits: { startWithinMs: number; timeoutMs: number }) {
  if (limits.timeoutMs <= 0) return false;
  const exchange = await transport.asAccount((client) => client.getServers({ count: 1, offset: 0 }), limits);
  return exchange.kind === "answer" && exchange.status === 200;
}

function dataOf<T>(exchange: Exchange, schema: z.ZodType<T>): T | null {
  if (exchange.kind !== "answer" || exchange.status !== 200) return null;
  return schema.safeParse(exchange.body).data ?? null;
}

function failureOf(exchange: Exchange): CheckOutcome {
  const message = causeOf(exchange);
  if (exchange.kind !== "answer" || exchange.status >= 500) return { kind: "unreachable", message };
  const code = exchange.status === 429 ? 429 : envelopeOf(exchange.body).code;
  return { kind: "failed", code, message };
}

function streamOf(wire: z.infer<typeof streams>["MessageStreams"][number]): Stream {
  const type = wire.MessageStreamType.toLowerCase();
  const handling = wire.SubscriptionManagementConfiguration?.UnsubscribeHandlingType?.toLowerCase();
  return {
    id: wire.ID,
    name: wire.Name,
    type: type === "broadcasts" ? "broadcast" : type === "transactional" ? "transactional" : "other",
    unsubscribeHandling: handling === "postmark" ? "provider" : handling === "custom" ? "custom" : "none",
    archived: wire.ArchivedAt != null,
  };
}
