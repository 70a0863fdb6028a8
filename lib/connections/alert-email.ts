import "server-only";
import type { Tenant } from "../actor";
import { db } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { newId } from "../ids";
import { log } from "../log";
import { adminAddresses, workspaceById } from "../workspaces";
import type { AlertDelivery } from "./alert-schema";
import { toAlert } from "./alerts";
import type { CallOutcome, OutgoingMessage } from "./connector";
import type { openConnector } from "./open";
import type { ConnectionRecord } from "./schema";
import { type AlertRow, readDefault } from "./store-alerts";
import { resolveStream } from "./streams";

type Telling = {
  tenant: Tenant;
  row: AlertRow;
  open: typeof openConnector;
  done: (to: string) => boolean;
  keep: (lines: readonly AlertDelivery[]) => Promise<boolean>;
};
type Line = Pick<AlertDelivery, "outcome" | "detail">;

const adminsMax = 20;
/** Later than this after it was decided to write, the call is not begun. */
export const emailStartWithinMs = 10_000;

/**
 * Writes to owners and admins through the workspace's default connection, who have not been written to. An email whose fate is not known
 * is not sent again. Never through the connection that fails: then it says that nothing could be sent.
 */
export async function emailAdmins({ tenant, row, open, done, keep }: Telling): Promise<void> {
  const to = (await adminAddresses(db, tenant, adminsMax)).filter((address) => !done(address));
  if (to.length === 0) return;
  const lines = (of: (index: number) => Line) =>
    to.map((address, index): AlertDelivery => {
      const at = new Date().toISOString();
      return { channel: "email", to: address, tries: row.tries, at, ...of(index) };
    });
  const opened = await openDefault(tenant, row, open);
  if ("problem" in opened) {
    await keep(lines(() => ({ outcome: "failed", detail: opened.problem })));
    return;
  }
  const { connector, connection, from } = opened;
  const messages = await messagesOf(tenant, { row, to, from, connection });
  // On disk before the call: whoever finds this after a crash does not know, and does not send again.
  if (!(await keep(lines(() => ({ outcome: "unknown", detail: "It was being sent." }))))) return;
  const stream = streamOf(connection);
  const call = await connector
    .send(messages, { stream, startWithinMs: emailStartWithinMs })
    .catch((thrown: unknown): CallOutcome => {
      log.error("a connector threw", thrown, { connection: connection.id });
      return { kind: "unknown", cause: "the connector failed" };
    });
  await keep(lines((index) => lineOf(call, index, to.length)));
}

async function openDefault(tenant: Tenant, row: AlertRow, open: typeof openConnector) {
  const cannot = (why: string) => ({ problem: `Not sent: ${why}` });
  const id = await readDefault(db, tenant);
  if (id === null) return cannot("the workspace has no default connection.");
  if (id === row.connectionId && row.kind === "failing") return cannot("the default connection is the one that fails.");
  try {
    const { connector, connection } = await open(db, tenant, id);
    if (connection.status === "failing" || connection.status === "disabled")
      return cannot(`the default connection is ${connection.status}.`);
    if (connection.fromEmail === null) return cannot("the default connection has no sender address.");
    return { connector, connection, from: connection.fromEmail };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "not_found") return cannot("it was deleted.");
    log.error("the default connection could not be opened to tell of an alert", thrown, { connection: id });
    return cannot("the default connection cannot be opened.");
  }
}

/** Not lifecycle mail: a transactional stream where there is one. */
const streamOf = (connection: ConnectionRecord): string =>
  connection.streams.find(({ type, archived }) => type === "transactional" && !archived)?.id ??
  resolveStream(connection);

async function messagesOf(
  tenant: Tenant,
  { row, to, from, connection }: { row: AlertRow; to: readonly string[]; from: string; connection: ConnectionRecord },
): Promise<OutgoingMessage[]> {
  const { sentence } = toAlert(row);
  const { name, slug } = await workspaceById(db, tenant);
  const link = `${env().appUrl}/${slug}/configuration/connections/${row.connectionId}`;
  const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return to.map((address) => ({
    sendId: newId(),
    batchId: row.id,
    to: address,
    from,
    replyTo: connection.replyToEmail,
    subject: oneLine(`${name}: a connection needs a look`),
    html: null,
    text: `${sentence}\n\n${link}\n\nYou get this because you manage “${name}”. Alerts are set under Settings → Workspace.`,
    tag: "Alert",
    headers: [],
  }));
}

function lineOf(call: CallOutcome, index: number, count: number): Line {
  switch (call.kind) {
    case "answered": {
      const outcome = call.outcomes.length === count ? call.outcomes[index] : undefined;
      if (outcome === undefined || outcome.kind === "unknown")
        return { outcome: "unknown", detail: "The answer was not clear." };
      if (outcome.kind === "accepted") return { outcome: "delivered", detail: null };
      return { outcome: "failed", detail: outcome.kind === "not_sent" ? outcome.cause : outcome.message };
    }
    case "call_refused":
      return { outcome: "failed", detail: call.message };
    case "not_sent":
      return { outcome: "failed", detail: call.cause };
    case "unknown":
      return { outcome: "unknown", detail: call.cause };
  }
}
