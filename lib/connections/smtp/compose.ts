import "server-only";
import MailComposer from "nodemailer/lib/mail-composer";
import type { OutgoingMessage } from "../connector";
import { postmarkHost } from "./place";
import type { Envelope } from "./session";

const tagCharactersMax = 1000;

export type Composed = { envelope: Envelope; source: Buffer; messageId: string };

/** One message as it goes over the wire, with the id that we give it. */
export async function compose(
  message: OutgoingMessage,
  { host, stream, now }: { host: string; stream: string; now: Date },
): Promise<Composed> {
  const messageId = messageIdOf(message);
  const own = Object.fromEntries(message.headers.map(({ name, value }) => [name, oneLine(value)]));
  const headers = postmarkHost(host) === null ? own : { ...own, ...postmarkHeaders(message, stream) };
  const spelling = new Map(Object.keys(headers).map((key) => [key.toLowerCase(), key]));
  const node = new MailComposer({
    from: message.from,
    to: message.to,
    replyTo: message.replyTo ?? undefined,
    subject: oneLine(message.subject),
    html: message.html ?? undefined,
    text: message.text ?? undefined,
    messageId,
    date: now,
    headers,
    // The library writes them its own way, and the key of a metadata field is told by its letters.
    normalizeHeaderKey: (key) => spelling.get(key.toLowerCase()) ?? key,
    // What a text says is a file or an address stays text.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const { from, to } = node.getEnvelope();
  const source = await node.build();
  return { envelope: { from: from || "", to: to[0] ?? "", size: source.length }, source, messageId };
}

/** On the sender's domain, as RFC 5322 §3.6.4 recommends. */
const messageIdOf = ({ sendId, from }: Pick<OutgoingMessage, "sendId" | "from">): string => {
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  return `<${sendId}@${domain.toLowerCase()}>`;
};

/** What the body says by API goes into headers: https://postmarkapp.com/developer/user-guide/send-email-with-smtp. */
function postmarkHeaders(message: OutgoingMessage, stream: string): Record<string, string> {
  const tag = message.tag === null ? "" : oneLine(message.tag).slice(0, tagCharactersMax).toWellFormed();
  return {
    "X-PM-Message-Stream": oneLine(stream),
    ...(tag !== "" && { "X-PM-Tag": tag }),
    "X-PM-Metadata-send_id": message.sendId,
    "X-PM-Metadata-batch_id": message.batchId,
    "X-PM-TrackOpens": "true",
    "X-PM-TrackLinks": "HtmlAndText",
  };
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
