import "server-only";
import { type Answer, json, refuse } from "./answer";
import { type Call, readPage } from "./call";
import { metadataIndex } from "./lifecycle";
import { clickPayload, openPayload } from "./payloads";
import { mailbox, source, storedCopy } from "./render";
import type { Message, MessageEvent, WorldState } from "./state";
import { findStream, unknownStream } from "./streams";
import { easternStamp, parseEastern } from "./time";

const page = { code: 700, countMax: 500, sumMax: 10_000 };

/** `GET /messages/outbound`: newest first, of the stream `outbound` unless another is named, blind for the index lag. */
export function searchMessages(world: WorldState, call: Call): Answer {
  const asked = readPage(call, page);
  if ("refusal" in asked) return asked.refusal;
  const stream = findStream(world, call.query.get("messagestream") ?? "outbound");
  if (!stream) return unknownStream();
  const metadata = [...call.query].filter(([key]) => key.startsWith("metadata_"));
  if (metadata.length > 1 && world.settings.twoMetadataKeys === "refuse")
    return refuse(700, "Sandbox text: one metadata key per search.");
  const filter = readFilter(call);
  if ("refusal" in filter) return filter.refusal;
  const first = metadata[0];
  const pool = first
    ? (world.byMetadata.get(metadataIndex(first[0].slice("metadata_".length), first[1])) ?? [])
    : [...world.messages.values()];
  const found = pool.filter((m) => m.stream === stream.id && isIndexed(world, m) && filter.test(m)).reverse();
  const shown = found.slice(asked.offset, asked.offset + asked.count);
  return json({ TotalCount: found.length, Messages: shown.map(summary) });
}

/** `GET /messages/outbound/{id}/details`: unknown, held or too fresh → 422/701. */
export function messageDetails(world: WorldState, call: Call): Answer {
  const message = visible(world, call.params[0]);
  if (!message) return notFound();
  const stream = findStream(world, message.stream);
  const copy = storedCopy(message, stream, { base: world.baseUrl, recipient: 0, tracking: true });
  return json({
    ...summary(message),
    TextBody: copy.text,
    HtmlBody: copy.html,
    Body: source(message, stream, world.baseUrl, world.server.id),
    MessageEvents: message.events.map(shownEvent),
  });
}

/** `GET /messages/outbound/{id}/dump` */
export function messageDump(world: WorldState, call: Call): Answer {
  const message = visible(world, call.params[0]);
  if (!message) return notFound();
  return json({ Body: source(message, findStream(world, message.stream), world.baseUrl, world.server.id) });
}

/** `GET /messages/outbound/opens[/{id}]`: the first open of each message alone, as Postmark keeps it. */
export function listOpens(world: WorldState, call: Call): Answer {
  return listEngagement(world, call, "Opens", (message) => {
    const open = message.events.find((e) => e.type === "Opened");
    if (!open) return [];
    const { recipient, atMs } = open;
    return [openPayload(message, { recipient, atMs, first: true, emptyGeo: world.settings.emptyGeo })];
  });
}

/** `GET /messages/outbound/clicks[/{id}]`: the first click of each recipient and link. */
export function listClicks(world: WorldState, call: Call): Answer {
  return listEngagement(world, call, "Clicks", (message) =>
    message.events
      .filter((e) => e.type === "LinkClicked" && e.first)
      .map(({ recipient, atMs, details }) => {
        const click = { recipient, atMs, link: details.Link ?? "", location: details.ClickLocation ?? "" };
        return clickPayload(message, { ...click, emptyGeo: world.settings.emptyGeo });
      }),
  );
}

function listEngagement(
  world: WorldState,
  call: Call,
  name: "Opens" | "Clicks",
  read: (message: Message) => Record<string, unknown>[],
): Answer {
  const asked = readPage(call, page);
  if ("refusal" in asked) return asked.refusal;
  const one = call.params[0] === undefined ? undefined : visible(world, call.params[0]);
  if (call.params[0] !== undefined && !one) return notFound();
  const wanted = (key: string) => call.query.get(key)?.toLowerCase();
  const [recipient, tag, stream] = [wanted("recipient"), wanted("tag"), wanted("messagestream")];
  const found = (one ? [one] : [...world.messages.values()].reverse())
    .filter((m) => (!tag || m.tag?.toLowerCase() === tag) && (!stream || m.stream === stream))
    .flatMap(read)
    .filter((entry) => !recipient || String(entry.Recipient).toLowerCase() === recipient)
    .map(({ Metadata: _withheld, ...entry }) => entry);
  return json({ TotalCount: found.length, [name]: found.slice(asked.offset, asked.offset + asked.count) });
}

const notFound = () => refuse(701, "Sandbox text: this message was not found.");

/** Whether search finds the message: not while it is held, and only after its lag. */
function isIndexed(world: WorldState, message: Message): boolean {
  const lag = message.indexLag ?? world.settings.indexLagMs;
  return message.heldBy === null && lag !== "never" && message.acceptedAtMs + lag <= world.clock.nowMs();
}

function visible(world: WorldState, id: string | undefined): Message | undefined {
  const message = world.messages.get((id ?? "").toLowerCase());
  if (!message || message.heldBy !== null) return undefined;
  return message.acceptedAtMs + world.settings.detailsLagMs <= world.clock.nowMs() ? message : undefined;
}

function readFilter(call: Call): { test: (message: Message) => boolean } | { refusal: Answer } {
  const wanted = (key: string) => call.query.get(key);
  const [from, to] = [wanted("fromdate"), wanted("todate")];
  const fromMs = from ? parseEastern(from, "from") : 0;
  const toMs = to ? parseEastern(to, "to") : Number.POSITIVE_INFINITY;
  if (fromMs === undefined || toMs === undefined)
    return { refusal: refuse(700, "Sandbox text: fromdate and todate are dates.") };
  const status = wanted("status")?.toLowerCase();
  if (status && !["queued", "sent", "processed"].includes(status))
    return { refusal: refuse(700, "Sandbox text: status is queued, sent or processed.") };
  const [recipient, sender] = [wanted("recipient")?.toLowerCase(), wanted("fromemail")?.toLowerCase()];
  const [tag, subject] = [wanted("tag"), wanted("subject")?.toLowerCase()];
  const test = (m: Message) =>
    m.acceptedAtMs >= fromMs &&
    m.acceptedAtMs <= toMs &&
    (!recipient || m.recipients.some((r) => r.email.toLowerCase() === recipient)) &&
    (!sender || m.from.email.toLowerCase() === sender) &&
    (!tag || m.tag === tag) &&
    (!subject || m.subject.toLowerCase().includes(subject)) &&
    (!status || (status === "queued") === (m.status === "Queued"));
  return { test };
}

function summary(message: Message) {
  const people = (field: string) =>
    message.recipients.filter((r) => r.field === field).map((r) => ({ Email: r.email, Name: r.name }));
  return {
    Tag: message.tag,
    MessageID: message.id,
    MessageStream: message.stream,
    To: people("To"),
    Cc: people("Cc"),
    Bcc: people("Bcc"),
    Recipients: message.recipients.filter((r) => !r.skipped).map((r) => r.email),
    ReceivedAt: easternStamp(message.acceptedAtMs),
    From: mailbox(message.from),
    Subject: message.subject,
    Attachments: message.attachments,
    Status: message.status,
    TrackOpens: message.trackOpens,
    TrackLinks: message.trackLinks,
    Metadata: message.metadata,
    Sandboxed: message.sandboxed,
  };
}

function shownEvent(event: MessageEvent) {
  // Message events know no complaints: they show as bounces.
  const Type = event.type === "SpamComplaint" ? "Bounced" : event.type;
  return { Recipient: event.recipient, Type, ReceivedAt: easternStamp(event.atMs), Details: event.details };
}
