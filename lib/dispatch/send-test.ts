import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { callFacts, noteSenders, recordCall, rejectionOf, rejectionOfCheck, resolveStream } from "../connections";
import type { CallOutcome, ConnectionRecord, OutgoingMessage } from "../connections/schema";
import { db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { log } from "../log";
import { suppressedAmong } from "../suppressions";
import { wake } from "../wake";
import { audit, workspaceById } from "../workspaces";
import { named, type OpenedLane, openServer, reportLane } from "./lanes";
import { deliveryTimes } from "./limits";
import { type Means, ordinaryMeans } from "./means";
import { verdictOf as verdictOfCall } from "./outcomes";
import { saveAll } from "./save";
import type { Batch, SendTestInput, TestSend, Verdict } from "./schema";
import { laneNewsOf } from "./settle";
import { tenantOf } from "./store-runs";
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
  const opened = await openForTest(tenant, id, { ...ordinaryMeans, open });
  const { connection } = opened;
  const workspace = await workspaceById(db, tenant);
  const stopped = workspace.sending_stopped_at !== null;
  const { fromEmail, stream } = await mayTest(tenant, { connection, to, stopped });
  const subject = `Test message from ${workspace.name}`;
  await audit(db, tenant, actor, { action: "connection.tested", subject: connection.displayName, data: { id, to } });
  const { serverId, id: connectionId } = connection;
  const sent = { connectionId, stream, serverId, toEmail: to, fromEmail, subject };
  const batch = await openTestSend(db, tenant, { ...sent, ...deliveryTimes(env().providerTimeoutMs) });
  if (batch === null) throw new AppError("conflict", "The connection was changed or stopped just now. Try again.");
  const message = messageOf(batch, { connection, ...sent });
  const call = await callOut({ ...opened, lane: batch.lane }, batch, { message, fromEmail });
  return answerOf(batch, call);
}

/** With its server known: what is sent without knowing where to could never be looked up, and would stay unknown for ever. */
async function openForTest(tenant: Tenant, connectionId: string, means: Means): Promise<OpenedLane> {
  const lane = { workspaceId: tenant.workspaceId, connectionId, stream: "", failures: 0 };
  const opened = await openServer(lane, means);
  const rejection = "check" in opened ? rejectionOfCheck(opened.check) : null;
  if (rejection !== null) throw new AppError("provider_rejected", rejection.message, { provider: rejection });
  if ("check" in opened) throw new AppError("conflict", "The connection was changed just now. Try again.");
  return opened;
}

async function callOut(
  opened: OpenedLane,
  batch: Batch,
  { message, fromEmail }: { message: OutgoingMessage; fromEmail: string },
): Promise<CallOutcome> {
  const { lane } = opened;
  const beganMs = performance.now();
  const call = await opened.connector
    .sendOne(message, { stream: lane.stream, startWithinMs: batch.remainingMs() })
    .catch((thrown: unknown): CallOutcome => {
      log.error("a connector threw", thrown, named(lane));
      return { kind: "unknown", cause: "the connector failed" };
    });
  const ms = performance.now() - beganMs;
  await saveAll(batch, { verdicts: [verdictOf(batch, call)] }, ordinaryMeans);
  await recordCall(db, tenantOf(lane), { connectionId: lane.connectionId, ms, ...callFacts(call, 1) });
  await noteSenders(db, tenantOf(lane), opened.connection, { call, from: [fromEmail] });
  const news = laneNewsOf(call);
  // Of what else a test is refused for, automations find out for themselves.
  if (news.kind === "failing") await reportLane(opened, news, ordinaryMeans);
  return call;
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
    toEmail,
    fromEmail,
    subject,
  }: { connection: ConnectionRecord; toEmail: string; fromEmail: string; subject: string },
): OutgoingMessage {
  const text = `This message shows that the connection “${connection.displayName}” works.`;
  return {
    sendId: send?.id ?? batchId,
    batchId,
    to: toEmail,
    from: mailbox(connection.fromName, fromEmail),
    replyTo: connection.replyToEmail,
    subject: subject.replace(/[\p{Cc}\u2028\u2029]+/gu, " "),
    html: null,
    text,
    tag: "Test message",
    headers: [],
  };
}

/** As every other email, but that it is never put back: what does not leave now has failed. */
function verdictOf(batch: Batch, call: CallOutcome): Verdict {
  const carried = { sendId: batch.sends[0]?.id ?? "", number: 1, tries: 0 };
  const circumstances = { now: batch.now(), chance: () => 0, searchLagMs: env().providerSearchLagMs };
  const verdict = verdictOfCall(call, carried, { ...circumstances, index: 0, count: 1 });
  const { settlement } = verdict;
  if (settlement.status !== "queued") return verdict;
  return {
    ...verdict,
    settlement: { ...settlement, fact: "refused", status: "failed", reason: "not_sent", dueAt: null },
    note: null,
  };
}

function answerOf({ sends: [send], now }: Batch, call: CallOutcome): TestSend {
  const sendId = send?.id ?? "";
  const outcome = call.kind === "answered" && call.outcomes.length === 1 ? call.outcomes[0] : undefined;
  if (outcome?.kind === "accepted")
    return { send_id: sendId, provider_message_id: outcome.messageId, accepted_at: now().toISOString() };
  const rejection = rejectionOf(call);
  if (rejection !== null) throw new AppError("provider_rejected", rejection.message, { provider: rejection });
  log.info("a test message got no answer and is looked up", { send: sendId });
  wake();
  return { send_id: sendId, status: "unknown" };
}
