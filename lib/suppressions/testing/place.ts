import "server-only";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type Actor, permissions, systemTenant } from "../../actor";
import { parseWebhook } from "../../connections";
import { db } from "../../db";
import { forgetEnv } from "../../env";
import { type Sandbox, startSandbox } from "../../sandbox";
import { takeNews } from "../../sends/news";
import { makeConnection, makeWorkspace } from "../../testing/factory";
import {
  createSuppression,
  deleteSuppression,
  listSuppressions,
  suppressedAmong,
  suppressionListState,
} from "../index";
import { ordinaryListMeans } from "../list-means";
import { tendWorkspace } from "../lists";
import { createSuppressionInput, listSuppressionsInput } from "../schema";

/** Collects what the sandbox posts, for a test to deliver late, twice, in another order, or never. */
export async function collectHooks() {
  const bodies = new Map<string, string[]>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "/";
      bodies.set(path, [...(bodies.get(path) ?? []), Buffer.concat(chunks).toString("utf8")]);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  return {
    url: (name: string) => `http://127.0.0.1:${port}/${name}`,
    of: (name: string): string[] => bodies.get(`/${name}`) ?? [],
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

/** A sandbox for the tests of one file; between them nothing stays due, neither here nor at its lists. */
export function listGround(): { readonly sandbox: Sandbox } {
  const at = {} as { sandbox: Sandbox }; // is there before the first test
  beforeAll(async () => {
    at.sandbox = await startSandbox({ seed: 3, deliverAfterMs: 60_000 });
  });
  afterEach(async () => {
    await db.sql("update sends set due_at = null");
    await db.sql("update enrollments set due_at = null");
    await db.sql("update suppression_lists set due_at = null");
    await db.sql("update suppression_pushes set due_at = null");
  });
  afterAll(() => at.sandbox.close());
  return at;
}

let places = 0;
const streams = ["broadcast", "outbound"] as const;

/** A workspace whose connection leads to a server of its own in the sandbox, and was just found to work. */
export async function makePlace(sandbox: Sandbox, { hookUrl }: { hookUrl?: (name: string) => string } = {}) {
  places += 1;
  const name = `place-${process.pid}-${places}`;
  const server = sandbox.world(name);
  server.settings({ consistencyDelayMs: 0 });
  if (hookUrl)
    for (const stream of streams)
      server.registerWebhook({ url: hookUrl(name), stream, triggers: ["SubscriptionChange"] });
  process.env.POSTMARK_API_URL = server.apiUrl;
  forgetEnv();
  const { id: workspaceId } = await makeWorkspace(db);
  const tenant = systemTenant(workspaceId);
  const given = { workspaceId, serverToken: server.serverToken, serverId: String(server.server.id), listsStale: true };
  const connection = await makeConnection(db, given);
  const actor: Actor = { kind: "operator", id: "cli", workspaceId, permissions: new Set(permissions) };
  const held = async (email: string, stream: string = "broadcast") =>
    (await suppressedAmong(db, tenant, { emails: [email], connectionId: connection.id, stream })).get(email)?.reason ??
    null;
  return {
    name,
    server,
    workspaceId,
    tenant,
    connection,
    actor,
    streams,
    held,
    add: (email: string, stream?: string) =>
      createSuppression(
        actor,
        createSuppressionInput.parse({ email, ...(stream && { connection_id: connection.id, stream }) }),
      ),
    lift: (email: string, stream?: string) =>
      deleteSuppression(actor, { email, ...(stream && { connection_id: connection.id, stream }) }),
    list: async () => (await listSuppressions(actor, listSuppressionsInput.parse({ limit: 200 }))).data,
    there: (stream: string = "broadcast") =>
      server
        .suppressions(stream)
        .map(({ email }) => email)
        .sort(),
    /** What the account's owner does in the provider's own screens. */
    async removeThere(email: string, stream: string = "broadcast"): Promise<void> {
      await fetch(`${server.apiUrl}/message-streams/${stream}/suppressions/delete`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Postmark-Server-Token": server.serverToken },
        body: JSON.stringify({ Suppressions: [{ EmailAddress: email }] }),
      });
    },
    /** Has every list read now, pushes carried before and after. */
    async sync({ settlingMs = 0 }: { settlingMs?: number } = {}) {
      const due = "due_at = now() where workspace_id = $1 and";
      await db.sql(`update suppression_lists set ${due} due_at is not null`, [workspaceId]);
      await db.sql(`update suppression_pushes set ${due} status = 'pending'`, [workspaceId]);
      return tendWorkspace(tenant, { over: () => false }, { ...ordinaryListMeans, settlingMs });
    },
    states: () => suppressionListState(db, tenant, connection.id),
    async state(stream: string = "broadcast") {
      const state = (await suppressionListState(db, tenant, connection.id)).find((one) => one.stream === stream);
      if (!state) throw new Error(`there is no list ${stream}`);
      return state;
    },
    /** Takes a webhook as the receiving door does. */
    async deliver(text: string): Promise<void> {
      const news = parseWebhook({ text, body: JSON.parse(text) }, new Date());
      if (news) await takeNews(db, tenant, connection.id, [news]);
    },
  };
}
export type Place = Awaited<ReturnType<typeof makePlace>>;
