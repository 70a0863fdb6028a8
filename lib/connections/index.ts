import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { db, transaction } from "../db";
import { AppError } from "../errors";
import { newId, newSecret } from "../ids";
import { wake } from "../wake";
import { audit, bumpVersion } from "../workspaces";
import { ask, askStored, checkOf, health } from "./ask";
import { auditChange, mustBeSame, mustHaveSender, streamAfter, streamFor } from "./change";
import { deleteSenders } from "./doctor/store";
import { saveLife } from "./life";
import { loginAfter, loginGiven, nothingKnownOf, storedLogin } from "./login";
import { noConnection } from "./open";
import { resourceOf, resourcesOf } from "./resource";
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
import { sealSecret } from "./secrets";
import {
  findConnection,
  insertConnection,
  lockConnection,
  pageOfConnections,
  type StoredConnection,
  updateConnection,
  usesOfConnection,
} from "./store";
import { passDefaultOn, setDefault } from "./store-life";
import { webhookSeen } from "./webhooks";

export { resealAlertSecrets } from "./alert-secret";
export { watchAlerts } from "./alert-watch";
export { acknowledgeAlert, changeAlertSettings, getAlertSettings, listAlerts } from "./alerts";
export { type BareCall, type CallKind, callFacts } from "./calls";
export type * from "./connector";
export { checkConnection, connectionCalled, loopNow, recentCheckup } from "./doctor/checkup";
export { type DoctorHands, fixConnection } from "./doctor/fix";
export { noteSenders } from "./doctor/senders";
export { connectionHealth } from "./health";
export { connectionRecords, markFailing, noteTrouble, openConnector, rememberServer, SealedShut } from "./open";
export { resealConnections } from "./reseal";
export { sealedProblem } from "./sealed-problem";
export { type CallLine, callStatistics, forgetOldCalls, recordCall, recordCalls } from "./store-calls";
export { countHours, countSentNow, forgetOldHours } from "./store-hours";
export { giveBackSends } from "./store-life";
export { takeStaleLists, workspacesWithStaleLists } from "./store-lists";
export { resolveStream } from "./streams";
export { rejectionOf, rejectionOfCheck } from "./verdict";
export { parseWebhook, storeWebhook, webhookSender } from "./webhooks";

const day = 86_400_000;

/** Newest first. @throws AppError `forbidden` and its kin for an actor without `connections:read`, as all below by their permission */
export async function listConnections(actor: Actor, { limit, cursor }: ListConnectionsInput): Promise<ConnectionList> {
  const tenant = allow(actor, "connections:read");
  const rows = await pageOfConnections(db, tenant, { limit: limit + 1, cursor });
  const data = await resourcesOf(actor, tenant, rows.slice(0, limit));
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

/** Asks the provider (five seconds at most) and saves whatever it says: `ready`, or `unvalidated` with the reason. */
export async function createConnection(actor: Actor, input: CreateConnectionInput): Promise<Connection> {
  const tenant = allow(actor, "connections:write");
  const login = loginGiven(input);
  const messageStream = input.message_stream ?? streamFor(login);
  const verdict = await ask(login, messageStream);
  const id = newId();
  const made = await transaction(async (tx) => {
    await bumpVersion(tx, tenant);
    await audit(tx, tenant, actor, { action: "connection.created", subject: input.display_name, data: { id } });
    const stored = await insertConnection(tx, tenant, {
      id,
      displayName: input.display_name,
      fromEmail: input.from_email ?? null,
      fromName: input.from_name ?? null,
      replyToEmail: input.reply_to_email ?? null,
      messageStream,
      allowTransactional: input.provider === "postmark" && input.allow_transactional,
      ...storedLogin(tenant, id, login),
      sealedWebhookSecret: sealSecret(tenant, id, "webhook", newSecret()),
      ...nothingKnownOf(login),
      ...health("unvalidated", verdict),
    });
    await setDefault(tx, tenant, id, { onlyFirst: true });
    return stored;
  });
  return resourceOf(actor, tenant, made);
}

/**
 * Changes what is named, and asks the provider again when credentials or stream become others; saves whatever it says. With another
 * `provider` the connection moves in place: what is queued leaves the new way, what had left settles on the way it went. What is unknown
 * then waits for its webhook or for a person: by SMTP nobody can be asked, neither of what went that way before nor of what went by API.
 */
export async function changeConnection(actor: Actor, { id, ...change }: ChangeConnectionInput): Promise<Connection> {
  const tenant = allow(actor, "connections:write");
  const before = await found(tenant, id);
  const login = loginAfter(tenant, before, change);
  const stream = streamAfter(before, login, change);
  mustHaveSender(before, login, change);
  const asks = login !== null || stream !== before.record.messageStream;
  const verdict = asks ? await (login ? ask(login, stream) : askStored(tenant, before, stream)) : null;
  const changed = await transaction(async (tx) => {
    const now = await lockConnection(tx, tenant, id);
    if (!now) throw noConnection();
    mustBeSame(before, now, login);
    // A verdict about credentials that were replaced meanwhile says nothing of the new ones, least of all which server they open.
    const about = login !== null || now.record.credentialsVersion === before.record.credentialsVersion;
    // Ready no longer counts for other credentials or another stream; held mail stays held until they are known to work.
    const status = now.record.status === "ready" ? "unvalidated" : now.record.status;
    await bumpVersion(tx, tenant);
    await auditChange(tx, actor, tenant, { now, login, change });
    await saveLife(tx, tenant, now.record.id, change);
    // What was said of From addresses was said to the login before: another one may open another account.
    if (login !== null) await deleteSenders(tx, tenant, now.record.id);
    return updateConnection(tx, tenant, id, {
      ...(change.display_name !== undefined && { displayName: change.display_name }),
      ...(change.from_email !== undefined && { fromEmail: change.from_email }),
      ...(change.from_name !== undefined && { fromName: change.from_name }),
      ...(change.reply_to_email !== undefined && { replyToEmail: change.reply_to_email }),
      ...(stream !== before.record.messageStream && { messageStream: stream }),
      ...(change.allow_transactional !== undefined && { allowTransactional: change.allow_transactional }),
      ...(change.dkim_selector !== undefined && { dkimSelector: change.dkim_selector }),
      ...(change.return_path_domain !== undefined && { returnPathDomain: change.return_path_domain }),
      ...(login && { ...storedLogin(tenant, now.record.id, login), ...nothingKnownOf(login) }),
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
    const next = await passDefaultOn(tx, tenant, now.record.id);
    await audit(tx, tenant, actor, {
      action: "connection.deleted",
      subject: now.record.displayName,
      data: { id, ...(next !== null && { default_now: next }) },
    });
  });
  return null;
}

/**
 * Asks the provider about a saved connection and keeps what it says. Success makes a failing one ready and lets held mail go.
 * @throws AppError `provider_rejected` with the reason and what to do
 */
export async function validateConnection(actor: Actor, { id }: ConnectionInput): Promise<ConnectionCheck> {
  const tenant = allow(actor, "connections:write");
  const before = await found(tenant, id);
  const verdict = await askStored(tenant, before, before.record.messageStream);
  await transaction(async (tx) => {
    const now = await lockConnection(tx, tenant, id);
    // What was found is about the credentials that were asked; whoever replaced them has asked about the new ones.
    if (now?.record.credentialsVersion !== before.record.credentialsVersion) return;
    const facts = health(now.record.status, verdict);
    await updateConnection(tx, tenant, id, facts);
    await bumpVersion(tx, tenant);
    await audit(tx, tenant, actor, {
      action: "connection.validated",
      subject: now.record.displayName,
      data: { id, status: facts.status },
    });
  });
  if (verdict.ok) wake();
  return checkOf(verdict);
}

/** Asks the provider about a form that is not saved; saves nothing. @throws AppError `provider_rejected` as above */
export async function validateDraft(actor: Actor, input: ValidateDraftInput): Promise<ConnectionCheck> {
  allow(actor, "connections:write");
  const login = loginGiven(input);
  return checkOf(await ask(login, input.message_stream ?? streamFor(login)));
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
    const status = next(now);
    return updateConnection(tx, tenant, id, { status, ...(status === "ready" && { listsStale: true }) });
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
