import "server-only";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { systemTenant } from "../../actor";
import { openConnector } from "../../connections";
import { db } from "../../db";
import { forgetEnv } from "../../env";
import { newId } from "../../ids";
import type { Sandbox } from "../../sandbox";
import { makeConnection, makeSends, makeWorkspace } from "../../testing/factory";
import { receiveWebhook } from "../receive";

const secret = "a-secret-of-this-connection";
let places = 0;

export type Reaction =
  | "deliver"
  | "open"
  | "click"
  | "click b"
  | "complaint"
  | "unsubscribe"
  | "hard"
  | "soft"
  | "transient";

/** A workspace whose mail left through a server of its own in the sandbox, which reports here by webhook as its settings let it. */
export async function makeNewsPlace(sandbox: Sandbox) {
  places += 1;
  const server = sandbox.world(`news-${places}`);
  process.env.POSTMARK_API_URL = server.apiUrl;
  forgetEnv();
  const { id: workspaceId } = await makeWorkspace(db);
  const over = {
    workspaceId,
    serverToken: server.serverToken,
    serverId: String(server.server.id),
    webhookSecret: secret,
  };
  const { id: connectionId } = await makeConnection(db, over);
  const tenant = systemTenant(workspaceId);
  // Opened now, it goes on leading to this server.
  const { connector } = await openConnector(db, tenant, connectionId);
  const receiver = await listen(workspaceId, connectionId);
  const lane = (stream: string) => ({ workspaceId, connectionId, stream });
  const lanes = [lane("broadcast"), lane("outbound")] as const;
  for (const { stream } of lanes)
    server.registerWebhook({ url: receiver.url, stream, headers: { "X-Gflux-Webhook-Secret": secret } });
  const age = (minutes: number) => letTimePass(workspaceId, minutes);
  return {
    server,
    workspaceId,
    connectionId,
    tenant,
    lanes,
    close: receiver.close,
    age,
    /** Sends one message for each list of what shall happen to it; nothing happens yet. */
    async send(count: number, stream = "broadcast") {
      const batchId = newId();
      const rows = Array.from({ length: count }, (_, index) => ({ id: newId(), to: `never+${index}@emu.example.com` }));
      const answer = await connector.send(
        rows.map(({ id, to }) => ({ ...letter, sendId: id, batchId, to })),
        { stream, startWithinMs: 5_000 },
      );
      if (answer.kind !== "answered") throw new Error(`the sandbox answered ${answer.kind}`);
      const ids = answer.outcomes.map((outcome) => (outcome.kind === "accepted" ? outcome.messageId : ""));
      const made = rows.map(({ id, to }, index) => ({
        id,
        connectionId,
        toEmail: to,
        messageStream: stream,
        status: "sent",
        sentAt: new Date(),
        batchId,
        providerMessageId: ids[index] ?? "",
      }));
      await makeSends(db, { workspaceId }, made);
      return ids;
    },
    /** What a recipient does, or their server. */
    happen(messageId: string, reaction: Reaction) {
      if (reaction === "hard") server.act(messageId, "bounce", { bounceType: "HardBounce" });
      else if (reaction === "soft") server.act(messageId, "bounce", { bounceType: "SoftBounce" });
      else if (reaction === "click b") server.act(messageId, "click", { link: "https://b.example.com/" });
      else server.act(messageId, reaction);
    },
    /** How a send stands, by the number of its recipient. */
    async picture() {
      const sends = await db.prisma.send.findMany({ where: { workspaceId }, orderBy: { toEmail: "asc" } });
      const events = await db.prisma.engagementEvent.findMany({ where: { workspaceId } });
      const told = (id: string) =>
        events
          .filter(({ sendId }) => sendId === id)
          .map(({ kind }) => kind)
          .sort();
      return sends.map(({ id, status, opens, clicks, deliveredAt, bouncedAt, complainedAt }) => ({
        status,
        opens,
        clicks,
        times: [deliveredAt, bouncedAt, complainedAt].map((at) => at?.toISOString() ?? null),
        events: told(id),
      }));
    },
    /** Calls to the history that the server got. */
    asked: () =>
      server.requests().filter(({ method, path }) => method === "GET" && /messages|bounces/.test(path)).length,
  };
}
export type NewsPlace = Awaited<ReturnType<typeof makeNewsPlace>>;

const letter = {
  from: "Acme <hello@example.com>",
  replyTo: null,
  subject: "Hello",
  html: '<p><a href="https://a.example.com/">A</a> <a href="https://b.example.com/">B</a></p>',
  text: null,
  tag: null,
  headers: [],
};

/** As if that long had gone by for a workspace. */
async function letTimePass(workspaceId: string, minutes: number): Promise<void> {
  const by = [workspaceId, minutes];
  await db.sql("update sends set sent_at = sent_at - $2::int * interval '1 minute' where workspace_id = $1", by);
  await db.sql(
    `update catch_ups set due_at = clock_timestamp() - interval '1 second', lease_token = null,
       listed_at = listed_at - $2::int * interval '1 minute', webhook_at = webhook_at - $2::int * interval '1 minute',
       cursors = coalesce((select jsonb_object_agg(key, jsonb_set(value, '{at}', to_jsonb((value->>'at')::timestamptz - $2::int * interval '1 minute')))
         from jsonb_each(cursors)), '{}')
     where workspace_id = $1`,
    by,
  );
}

/** Takes webhooks as the porch does, over HTTP. */
async function listen(workspaceId: string, connectionId: string) {
  const server = createServer((request, response) => {
    const headers = new Headers({ "x-gflux-webhook-secret": String(request.headers["x-gflux-webhook-secret"]) });
    buffer(request)
      .then((body) => receiveWebhook({ workspaceId, connectionId, headers, bodyText: body.toString("utf8") }))
      .then(() => response.end("{}"))
      .catch((thrown: unknown) => response.writeHead(503).end(String(thrown)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { url: `http://127.0.0.1:${address.port}/`, close };
}
