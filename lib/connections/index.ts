import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { db, transaction } from "../db";
import { AppError } from "../errors";
import { newId, newSecret } from "../ids";
import { wake } from "../wake";
import { audit, bumpVersion } from "../workspaces";
import { connectorFor, noConnection } from "./open";
import { publicStream, resourceOf } from "./resource";
import type {
  ChangeConnectionInput,
  Connection,
  ConnectionCheck,
  ConnectionInput,
  ConnectionList,
  CreateConnectionInput,
  ListConnectionsInput,
  ValidateDraftInput,
  WebhooksSeen,
} from "./schema";
import { lastFour, openSecret, sealSecret } from "./secrets";
import {
  findConnection,
  insertConnection,
  lockConnection,
  pageOfConnections,
  type StoredConnection,
  updateConnection,
  usesOfConnection,
} from "./store";
import { errorSentence, statusAfter, type Verdict, verdictOf } from "./verdict";
import { webhookSeen } from "./webhooks";

export { callFacts } from "./calls";
export type * from "./connector";
export { checkConnection, connectionCalled, loopNow, recentCheckup } from "./doctor/checkup";
export { type DoctorHands, fixConnection } from "./doctor/fix";
export { noteSenders } from "./doctor/senders";
export { connectionRecords, markFailing, noteTrouble, openConnector, rememberServer, SealedShut } from "./open";
export { resealConnections } from "./reseal";
export { sealedProblem } from "./sealed-problem";
export { type CallLine, callStatistics, forgetOldCalls, recordCall } from "./store-calls";
export { resolveStream } from "./streams";
export { rejectionOf, rejectionOfCheck } from "./verdict";
export { parseWebhook, storeWebhook, webhookSender } from "./webhooks";

const day = 86_400_000;

/** Newest first. @throws AppError `forbidden` and its kin for an actor without `connections:read`, as all below by their permission */
export async function listConnections(actor: Actor, { limit, cursor }: ListConnectionsInput): Promise<ConnectionList> {
  const tenant = allow(actor, "connections:read");
  const rows = await pageOfConnections(db, tenant, { limit: limit + 1, cursor });
  const data = rows.slice(0, limit).map((row) => resourceOf(actor, tenant, row));
  return { data, next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** @throws AppError `not_found` for one that is deleted, unknown, or another workspace's, as all below */
export async function getConnection(actor: Actor, { id }: ConnectionInput): Promise<Connection> {
  const tenant = allow(actor, "connections:read");
  return resourceOf(actor, tenant, await found(tenant, id));
}

/** Which record types have come by webhook, and when the newest of each did. */
export async function listWebhooksSeen(actor: Actor, { id }: ConnectionInput): Promise<WebhooksSeen> {
  const tenant = allow(actor, "connections:read");
  const { record } = await found(tenant, id);
  const seen = await webhookSeen(db, tenant, record.id);
  return { data: [...seen].map(([type, at]) => ({ record_type: type, last_received_at: at.toISOString() })) };
}

/** Asks Postmark (five seconds at most) and saves whatever it says: `ready`, or `unvalidated` with the reason. */
export async function createConnection(actor: Actor, input: CreateConnectionInput): Promise<Connection> {
  const tenant = allow(actor, "connections:write");
  const verdict = await ask(input.server_token, input.message_stream ?? null);
  const id = newId();
  const made = await transaction(async (tx) => {
    await bumpVersion(tx, tenant);
    await audit(tx, tenant, actor, { action: "connection.created", subject: input.display_name, data: { id } });
    return insertConnection(tx, tenant, {
      id,
      provider: input.provider,
      displayName: input.display_name,
      fromEmail: input.from_email ?? null,
      fromName: input.from_name ?? null,
      replyToEmail: input.reply_to_email ?? null,
      messageStream: input.message_stream ?? null,
      allowTransactional: input.allow_transactional,
      sealedCredentials: sealSecret(tenant, id, "token", input.server_token),
      credentialsLast4: lastFour(input.server_token),
      sealedWebhookSecret: sealSecret(tenant, id, "webhook", newSecret()),
      ...nothingKnown,
      ...health("unvalidated", verdict),
    });
  });
  return resourceOf(actor, tenant, made);
}

/** Changes what is named, and asks Postmark again when token or stream become others; saves whatever it says. */
export async function changeConnection(actor: Actor, { id, ...change }: ChangeConnectionInput): Promise<Connection> {
  const tenant = allow(actor, "connections:write");
  const before = await found(tenant, id);
  const token = change.server_token;
  const stream = change.message_stream === undefined ? before.record.messageStream : change.message_stream;
  const asks = token !== undefined || stream !== before.record.messageStream;
  const verdict = asks ? await ask(token ?? tokenOf(tenant, before), stream) : null;
  const changed = await transaction(async (tx) => {
    const now = await lockConnection(tx, tenant, id);
    if (!now) throw noConnection();
    // A verdict about credentials that were replaced meanwhile says nothing of the new ones, least of all which server they open.
    const about = token !== undefined || now.record.credentialsVersion === before.record.credentialsVersion;
    // Ready no longer counts for other credentials or another stream; held mail stays held until they are known to work.
    const status = now.record.status === "ready" ? "unvalidated" : now.record.status;
    await bumpVersion(tx, tenant);
    const fields = Object.keys(change).join(", ");
    await audit(tx, tenant, actor, {
      action: "connection.changed",
      subject: now.record.displayName,
      data: { id, fields },
    });
    return updateConnection(tx, tenant, id, {
      ...(change.display_name !== undefined && { displayName: change.display_name }),
      ...(change.from_email !== undefined && { fromEmail: change.from_email }),
      ...(change.from_name !== undefined && { fromName: change.from_name }),
      ...(change.reply_to_email !== undefined && { replyToEmail: change.reply_to_email }),
      ...(change.message_stream !== undefined && { messageStream: change.message_stream }),
      ...(change.allow_transactional !== undefined && { allowTransactional: change.allow_transactional }),
      ...(change.dkim_selector !== undefined && { dkimSelector: change.dkim_selector }),
      ...(change.return_path_domain !== undefined && { returnPathDomain: change.return_path_domain }),
      ...(token !== undefined && {
        sealedCredentials: sealSecret(tenant, now.record.id, "token", token),
        credentialsLast4: lastFour(token),
        ...nothingKnown,
      }),
      ...(verdict && about && health(status, verdict)),
    });
  });
  wake();
  return resourceOf(actor, tenant, changed);
}

/**
 * Forgets a connection's secrets and hides it; what it has sent stays readable.
 * @throws AppError `conflict` while an automation that is not archived uses it (they are listed) or sends are unsettled
 */
export async function deleteConnection(actor: Actor, { id }: ConnectionInput): Promise<null> {
  const tenant = allow(actor, "connections:write");
  await transaction(async (tx) => {
    const now = await lockConnection(tx, tenant, id);
    if (!now) throw noConnection();
    const uses = await usesOfConnection(tx, tenant, now.record.id);
    const names = uses.automations.map(({ name }) => `“${name}”`).join(", ");
    if (names !== "")
      throw new AppError("conflict", `It is used by ${names}. Choose another connection there, or archive them.`);
    if (uses.unsettled)
      throw new AppError(
        "conflict",
        "It has sends that are not settled yet. Wait for them, or skip them in the send log.",
      );
    const nothing = Buffer.alloc(0);
    await updateConnection(tx, tenant, id, {
      deletedAt: new Date(),
      sealedCredentials: nothing,
      sealedWebhookSecret: nothing,
      sealedPreviousWebhookSecret: null,
    });
    await bumpVersion(tx, tenant);
    await audit(tx, tenant, actor, { action: "connection.deleted", subject: now.record.displayName, data: { id } });
  });
  return null;
}

/**
 * Asks Postmark about a saved connection and keeps what it says. Success makes a failing one ready and lets held mail go.
 * @throws AppError `provider_rejected` with the reason and what to do
 */
export async function validateConnection(actor: Actor, { id }: ConnectionInput): Promise<ConnectionCheck> {
  const tenant = allow(actor, "connections:write");
  const before = await found(tenant, id);
  const verdict = await ask(tokenOf(tenant, before), before.record.messageStream);
  await transaction(async (tx) => {
    const now = await lockConnection(tx, tenant, id);
    // What was found is about the credentials that were asked; whoever replaced them has asked about the new ones.
    if (now?.record.credentialsVersion !== before.record.credentialsVersion) return;
    await updateConnection(tx, tenant, id, health(now.record.status, verdict));
    await bumpVersion(tx, tenant);
  });
  if (verdict.ok) wake();
  return checkOf(verdict);
}

/** Asks Postmark about a form that is not saved; saves nothing. @throws AppError `provider_rejected` as above */
export async function validateDraft(actor: Actor, input: ValidateDraftInput): Promise<ConnectionCheck> {
  allow(actor, "connections:write");
  return checkOf(await ask(input.server_token, input.message_stream ?? null));
}

/** Lets a disabled connection send again. One that was not disabled stays as it is. */
export function enableConnection(actor: Actor, input: ConnectionInput): Promise<Connection> {
  return switchTo(actor, input, "connection.enabled", ({ record: { status, lastError, lastValidatedAt } }) =>
    status === "disabled" ? (lastValidatedAt && lastError === null ? "ready" : "unvalidated") : status,
  );
}

/** Nothing is sent through it until it is enabled: its sends are held. Webhooks are still taken. */
export const disableConnection = (actor: Actor, input: ConnectionInput): Promise<Connection> =>
  switchTo(actor, input, "connection.disabled", () => "disabled");

async function switchTo(
  actor: Actor,
  { id }: ConnectionInput,
  action: string,
  next: (now: StoredConnection) => Connection["status"],
): Promise<Connection> {
  const tenant = allow(actor, "connections:write");
  const changed = await transaction(async (tx) => {
    const now = await lockConnection(tx, tenant, id);
    if (!now) throw noConnection();
    await bumpVersion(tx, tenant);
    await audit(tx, tenant, actor, { action, subject: now.record.displayName, data: { id } });
    return updateConnection(tx, tenant, id, { status: next(now) });
  });
  wake();
  return resourceOf(actor, tenant, changed);
}

/** Makes a new webhook secret; the old one stays good for 24 hours, until it has been replaced at Postmark. */
export async function rotateWebhookSecret(actor: Actor, { id }: ConnectionInput): Promise<Connection> {
  const tenant = allow(actor, "connections:write");
  const changed = await transaction(async (tx) => {
    const now = await lockConnection(tx, tenant, id);
    if (!now) throw noConnection();
    const subject = now.record.displayName;
    await audit(tx, tenant, actor, { action: "connection.webhook_secret_rotated", subject, data: { id } });
    return updateConnection(tx, tenant, id, {
      sealedWebhookSecret: sealSecret(tenant, now.record.id, "webhook", newSecret()),
      sealedPreviousWebhookSecret: Buffer.from(now.sealedWebhookSecret),
      previousSecretUntil: new Date(Date.now() + day),
    });
  });
  return resourceOf(actor, tenant, changed);
}

async function found(tenant: Tenant, id: string): Promise<StoredConnection> {
  const connection = await findConnection(db, tenant, id);
  if (!connection) throw noConnection();
  return connection;
}

const tokenOf = (tenant: Tenant, { record, sealedToken }: StoredConnection) =>
  openSecret(tenant, record.id, "token", sealedToken);

const ask = async (token: string, stream: string | null): Promise<Verdict> =>
  verdictOf(await connectorFor(token).check(), stream);

/** What a check leaves in the row. One that opened nothing leaves server, streams and the last success as they were. */
function health(current: Connection["status"], verdict: Verdict) {
  const status = statusAfter(current, verdict);
  const server = verdict.found && {
    serverId: verdict.found.server.id,
    serverName: verdict.found.server.name,
    streams: verdict.found.streams,
  };
  return {
    ...server,
    status,
    lastError: errorSentence(verdict),
    ...(status !== "failing" && { failingSince: null }),
    ...(verdict.ok && { lastValidatedAt: new Date() }),
  };
}

/** Of a token that was replaced nothing is known: what is sent with the new one must not be looked up on the old one's server. */
const nothingKnown = { serverId: null, serverName: null, streams: [], lastValidatedAt: null };

function checkOf(verdict: Verdict): ConnectionCheck {
  if (!verdict.ok) throw new AppError("provider_rejected", verdict.rejection.message, { provider: verdict.rejection });
  const { server, streams, statsAvailable } = verdict.found;
  return {
    status: "ready",
    server: { id: server.id, name: server.name },
    streams: streams.map(publicStream),
    stats_available: statsAvailable,
    message: verdict.sentence,
  };
}
