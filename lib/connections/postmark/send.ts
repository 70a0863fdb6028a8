import "server-only";
import { type Message, Models } from "postmark";
import type { CallOutcome, OutgoingMessage } from "../connector";
import { callOutcomeOf } from "./outcomes";
import type { Transport } from "./transport";

const tagCharactersMax = 1000;

type Options = { stream: string; startWithinMs: number; timeoutMs: number };

/**
 * Sends one message through /email: only what is alone by nature, the tests from a connection's page and the look-up's probe. There a
 * refusal is the answer to the call, with its own code, so that the person who tests reads all that the provider says.
 */
export async function sendSingle(
  transport: Transport,
  message: OutgoingMessage,
  { stream, ...limits }: Options,
): Promise<CallOutcome> {
  const exchange = await transport.asServer((client) => client.sendEmail(wireMessage(message, stream)), limits);
  return callOutcomeOf(exchange, [message.to], { alone: true });
}

/** Sends through /email/batch: all mail of automations, were it a single message, so that it has one path and one shape of answer. */
export async function sendBatch(
  transport: Transport,
  messages: readonly OutgoingMessage[],
  { stream, ...limits }: Options,
): Promise<CallOutcome> {
  if (messages.length === 0) return { kind: "answered", outcomes: [] };
  const batch = messages.map((message) => wireMessage(message, stream));
  const exchange = await transport.asServer((client) => client.sendEmailBatch(batch), limits);
  return callOutcomeOf(
    exchange,
    messages.map(({ to }) => to),
  );
}

/** Reference §3.1. Its search and its webhooks give `Metadata` back, which is how a message is recognised as ours. */
function wireMessage(message: OutgoingMessage, stream: string): Message {
  return {
    From: message.from,
    To: message.to,
    ReplyTo: message.replyTo ?? undefined,
    Subject: message.subject,
    HtmlBody: message.html ?? undefined,
    TextBody: message.text ?? undefined,
    Tag: message.tag?.slice(0, tagCharactersMax).toWellFormed(),
    Headers:
      message.headers.length === 0
        ? undefined
        : message.headers.map(({ name, value }) => ({ Name: name, Value: value })),
    Metadata: { send_id: message.sendId, batch_id: message.batchId },
    TrackOpens: true,
    TrackLinks: Models.LinkTrackingOptions.HtmlAndText,
    MessageStream: stream,
  };
}
