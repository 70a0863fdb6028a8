import "server-only";
import type { Connector } from "../connector";
import { checkToken } from "./check";
import { findBatch } from "./find";
import { Gate } from "./gate";
import { keptHistory } from "./message-history";
import { sendBatch, sendSingle } from "./send";
import { postmarkSetup } from "./setup";
import { postmarkSuppressionList } from "./suppression-list";
import { openTransport } from "./transport";

/** Calls of one connection at a time, sends and searches together (client notes §6 recommend five to ten). */
export const callsAtOnceMax = 8;

type Settings = {
  token: string;
  /** With or without a path, http or https. */
  baseUrl: string;
  /** Deadline of a call that may send. */
  sendTimeoutMs: number;
  /** Shared by all connectors of one connection, so that a rotated token does not double its calls. */
  gate: Gate;
};

export { Gate } from "./gate";
export { parsePostmarkWebhook } from "./webhook";

export function postmarkConnector({ token, baseUrl, sendTimeoutMs, gate }: Settings): Connector {
  const transport = openTransport({ token, baseUrl, gate });
  return {
    provider: "postmark",
    messagesMax: 500,
    bytesMax: 30_000_000, // Postmark takes 50 MB; JSON's escapes come on top of what the caller counts
    canFind: true,
    history: keptHistory(transport),
    blackHole: "probe@blackhole.postmarkapp.com",
    unsubscribePlaceholder: "{{{ pm:unsubscribe }}}",
    setup: postmarkSetup(openTransport({ token, baseUrl, gate: new Gate(4) })),
    send: (messages, { stream, startWithinMs }) =>
      sendBatch(transport, messages, { stream, startWithinMs, timeoutMs: sendTimeoutMs }),
    sendOne: (message, { stream, startWithinMs }) =>
      sendSingle(transport, message, { stream, startWithinMs, timeoutMs: sendTimeoutMs }),
    suppressionList: postmarkSuppressionList(transport),
    find: (query) => findBatch(transport, query),
    // A person waits for the answer, so a check does not queue behind mail.
    check: () => checkToken(openTransport({ token, baseUrl, gate: new Gate(4) }), new Date()),
  };
}
