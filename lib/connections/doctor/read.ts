import "server-only";
import type { Tenant } from "../../actor";
import { db } from "../../db";
import { env } from "../../env";
import type { Connector } from "../connector";
import { connectorOf as connectorOfLogin, type Login, loginOf } from "../login";
import type { HookStatistics, ProviderSetup, ProviderWebhook, SetupAnswer } from "../provider-setup";
import { readableSecret } from "../secrets";
import { postmarkHost } from "../smtp/place";
import type { StoredConnection } from "../store";
import { findWebhookSecrets } from "../store-webhooks";
import { webhookSeen } from "../webhooks";
import { readDomain } from "./dns";
import type { DoctorFacts, HookAddress, SuppressionListState } from "./facts";
import { loopMs } from "./loop";
import { type Reach, reachOf } from "./reach";
import { accountRefusal, findCheckup, findSender, noteFound, type StoredLoop, streamsNamed } from "./store";
import { isOurs } from "./webhook-plan";

/** Asked of whoever stands above: see SuppressionListState. */
export type ListState = (tenant: Tenant, connectionId: string) => Promise<SuppressionListState | null>;

const webhooksAskedMax = 20;

/** Of this installation. */
export const ownReach = (): Reach => reachOf(env().appUrl, env().providerApiUrl);

/**
 * Reads all facts of a connection once, at the same time: at Postmark (five seconds a call), in DNS (ten in all) and here. Two calls
 * of one kind stand behind one another, so twenty seconds are the end.
 */
export async function readFacts(
  tenant: Tenant,
  stored: StoredConnection,
  { listState }: { listState: ListState },
): Promise<DoctorFacts> {
  const readAt = new Date();
  const { record: connection } = stored;
  const { id, fromEmail } = connection;
  const [hook, connector] = [await hookAddress(tenant, stored), connectorOf(tenant, stored)];
  const [atProvider, named, hooks, refusal, loop, sender, suppressions, domain] = await Promise.all([
    readProvider(connector, hook),
    streamsNamed(db, tenant, id),
    webhookSeen(db, tenant, id),
    accountRefusal(db, tenant, id),
    readLoop(tenant, id, connector),
    fromEmail === null ? null : findSender(db, tenant, { connectionId: id, email: fromEmail }),
    listState(tenant, id),
    fromEmail === null ? null : readDomain(fromEmail, { ...connection, byPostmark: isPostmark(stored) }),
  ]);
  const newest = Math.max(...[...hooks.values()].map((at) => at.getTime()));
  return {
    readAt,
    connection,
    smtp: stored.smtp?.place ?? null,
    ...atProvider,
    streamsNamed: named,
    hook,
    reach: ownReach(),
    newestHookAt: Number.isFinite(newest) ? new Date(newest) : null,
    accountRefusal: refusal,
    loop,
    sender,
    suppressions,
    domain,
  };
}

const isPostmark = ({ smtp }: StoredConnection) => smtp === null || postmarkHost(smtp.place.host) !== null;

/** Null when the stored token cannot be read: the row of the token says so. */
export function connectorOf(tenant: Tenant, stored: StoredConnection): Connector | null {
  let login: Login;
  try {
    login = loginOf(tenant, stored);
  } catch {
    return null; // said by the row of the token, which is all that a doctor can do
  }
  return connectorOfLogin(login);
}

async function hookAddress(tenant: Tenant, { record, sealedWebhookSecret }: StoredConnection): Promise<HookAddress> {
  const path = `/api/webhooks/${record.workspaceId}/data_connections/${record.id}/postmark`;
  const sealed = await findWebhookSecrets(db, tenant, record.id);
  const previous = sealed?.previous ? readableSecret(tenant, record.id, "webhook", sealed.previous) : null;
  const secret = readableSecret(tenant, record.id, "webhook", sealedWebhookSecret);
  return { url: `${env().appUrl}${path}`, path, secret, previousSecret: previous };
}

type AtProvider = Pick<DoctorFacts, "check" | "server" | "webhooks" | "statistics">;

async function readProvider(connector: Connector | null, hook: HookAddress): Promise<AtProvider> {
  const nothing: SetupAnswer<never> = { kind: "unreachable", message: "it was not asked" };
  if (connector === null)
    return { check: { kind: "sealed" }, server: nothing, webhooks: nothing, statistics: new Map() };
  const { setup } = connector;
  const [check, server, webhooks] = await Promise.all([
    connector.check(),
    setup?.readServer() ?? nothing,
    setup?.listWebhooks() ?? nothing,
  ]);
  const ours = webhooks.kind === "ok" ? webhooks.value.filter((webhook) => isOurs(webhook, hook)) : [];
  return { check, server, webhooks, statistics: setup ? await readStatistics(setup, ours) : new Map() };
}

async function readStatistics(setup: ProviderSetup, ours: readonly ProviderWebhook[]) {
  const asked = ours.slice(0, webhooksAskedMax);
  const answers = await Promise.all(asked.map(({ id }) => setup.webhookStatistics(id)));
  return new Map<string, HookStatistics>(
    asked.flatMap(({ id }, index): [string, HookStatistics][] => {
      const answer = answers[index];
      return answer?.kind === "ok" ? [[id, answer.value]] : [];
    }),
  );
}

/** Where the newest message round the loop is; while search has not shown it, search is asked. */
export async function readLoop(
  tenant: Tenant,
  id: string,
  connector: Connector | null,
  known?: StoredLoop | null,
): Promise<StoredLoop | null> {
  const loop = known === undefined ? (await findCheckup(db, tenant, id)).loop : known;
  if (loop?.send == null || loop.acceptedAt === null || loop.foundAt !== null || connector === null) return loop;
  if (Date.now() - loop.startedAt.getTime() > loopMs) return loop;
  const { batchId, stream, id: sendId } = loop.send;
  const found = await connector.find({ batchId, stream, since: loop.startedAt });
  const seen = found.kind === "found" && found.messages.some((message) => message.sendId === sendId);
  return seen ? { ...loop, foundAt: await noteFound(db, tenant, id, sendId) } : loop;
}
