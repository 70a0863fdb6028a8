import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { rejectionOf, resolveStream } from "../connections";
import type { CallOutcome, ConnectionRecord, OutgoingMessage, SendOutcome } from "../connections/schema";
import { db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { log } from "../log";
import { suppressedAmong } from "../suppressions";
import { wake } from "../wake";
import { audit, workspaceById } from "../workspaces";
import { reportLane } from "./lanes";
import { deliveryTimes } from "./limits";
import { type Means, ordinaryMeans } from "./means";
import { saveAll } from "./save";
import type { Batch, SendTestInput, TestSend, Verdict } from "./schema";
import { laneNewsOf, settle, settleUnknown } from "./settle";
import { openTestSend } from "./store-sends";
import { mailbox } from "./write";

/**
 * Sends one message through a connection, at once and whatever its status but `disabled`: on disk first, then the call. An answer
 * that is lost is looked up as with every other send, but it is never sent again.
 * @throws AppError `not_found`, `conflict` when nothing may be sent, `provider_rejected` with the reason and what to do
 */
export async function sendTest(
  actor: Actor,
  { id, to }: SendTestInput,
  { open }: Pick<Means, "open"> = ordinaryMeans,
): Promise<TestSend> {
  const tenant = allow(actor, "connections:write");
  const { connector, connection } = await open(db, tenant, id);
  const workspace = await workspaceById(db, tenant);
  const { fromEmail, stream } = await mayTest(tenant, {
    connection,
    to,
    stopped: workspace.sending_stopped_at !== null,
  });
  const subject = `Test message from ${workspace.name}`;
  await audit(db, tenant, actor, { action: "connection.tested", subject: connection.displayName, data: { id, to } });
  const batch = await openTestSend(db, tenant, {
    connectionId: connection.id,
    stream,
    serverId: connection.serverId,
    toEmail: to,
    fromEmail,
    subject,
    ...deliveryTimes(env().providerTimeoutMs),
  });
  const message = messageOf(batch, { connection, to, fromEmail, subject });
  const call = await connector.send([message], { stream, startWithinMs: batch.remainingMs() });
  await saveAll(batch, [verdictOf(batch, call)]);
  const news = laneNewsOf(call);
  if (news.kind === "failing") await reportLane({ lane: batch.lane, connector, connection }, news, 0);
  return answerOf(batch, call);
}

async function mayTest(
  tenant: Tenant,
  { connection, to, stopped }: { connection: ConnectionRecord; to: string; stopped: boolean },
): Promise<{ fromEmail: string; stream: string }> {
  const { fromEmail, status, id: connectionId } = connection;
  if (stopped) throw new AppError("conflict", "All sending of this workspace is stopped. Resume it first.");
  if (status === "disabled") throw new AppError("conflict", "This connection is disabled. Enable it first.");
  if (fromEmail === null) throw new AppError("conflict", "Give the connection a sender address first.");
  const stream = resolveStream(connection);
  const suppressed = (await suppressedAmong(db, tenant, { emails: [to], connectionId, stream })).get(to.toLowerCase());
  if (suppressed === undefined) return { fromEmail, stream };
  const message = `${to} is suppressed in this workspace (${suppressed.reason}).`;
  const hint = "Use another address, or lift it under Suppressions.";
  throw new AppError("provider_rejected", message, { provider: { code: "recipient_inactive", message, hint } });
}

function messageOf(
  { batchId, sends: [send] }: Batch,
  {
    connection,
    to,
    fromEmail,
    subject,
  }: { connection: ConnectionRecord; to: string; fromEmail: string; subject: string },
): OutgoingMessage {
  const text = `This message shows that the connection “${connection.displayName}” works.`;
  return {
    sendId: send?.id ?? batchId,
    batchId,
    to,
    from: mailbox(connection.fromName, fromEmail),
    replyTo: connection.replyToEmail,
    subject: subject.replace(/[\p{Cc}\u2028\u2029]+/gu, " "),
    html: null,
    text,
    tag: "Test message",
  };
}

function verdictOf(batch: Batch, call: CallOutcome): Verdict {
  const carried = { sendId: batch.sends[0]?.id ?? "", number: 1, tries: 0 };
  const circumstances = { now: batch.now(), chance: 0, searchLagMs: env().providerSearchLagMs };
  const outcome = outcomeOf(call);
  if (outcome !== null) return settle(outcome, carried, circumstances);
  if (call.kind === "unknown") return settleUnknown(call.cause, carried, circumstances);
  const [detail, code] = call.kind === "call_refused" ? [call.message, call.code] : [causeOf(call), null];
  const named = { sendId: carried.sendId, number: 1 };
  return {
    settlement: { ...named, fact: "refused", status: "failed", reason: "not_sent", detail, dueAt: null },
    attempt: { ...named, outcome: call.kind === "not_sent" ? "not_sent" : "refused", code, detail },
    note: null,
  };
}

/** The answer to the one message; null when there is none. A wrong number of answers says nothing. */
function outcomeOf(call: CallOutcome): SendOutcome | null {
  if (call.kind !== "answered") return null;
  const [only] = call.outcomes;
  return only !== undefined && call.outcomes.length === 1
    ? only
    : { kind: "unknown", cause: "a wrong number of answers" };
}

const causeOf = (call: CallOutcome): string | null => ("cause" in call ? call.cause : null);

function answerOf({ sends: [send], now }: Batch, call: CallOutcome): TestSend {
  const sendId = send?.id ?? "";
  const outcome = outcomeOf(call);
  if (outcome?.kind === "accepted")
    return { send_id: sendId, provider_message_id: outcome.messageId, accepted_at: now().toISOString() };
  const rejection = rejectionOf(call);
  if (rejection !== null) throw new AppError("provider_rejected", rejection.message, { provider: rejection });
  log.info("a test message got no answer and is looked up", { send: sendId });
  wake();
  return { send_id: sendId, status: "unknown" };
}
