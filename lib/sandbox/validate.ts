import { type Address, parseAddresses } from "./addresses";
import type { Draft, Recipient, Stream, TrackLinks } from "./state";

/** What one message is worth before account and suppressions are asked. */
export type Verdict =
  | { kind: "valid"; draft: Draft }
  | { kind: "refused"; code: number; message: string }
  /** Too many bytes of attachments: HTTP 413 for the whole call. */
  | { kind: "tooLarge" };

type Fields = Record<string, unknown>;

const stringFields = [
  "From",
  "To",
  "Cc",
  "Bcc",
  "Subject",
  "Tag",
  "HtmlBody",
  "TextBody",
  "ReplyTo",
  "MessageStream",
  "TrackLinks",
];
const forbiddenExtensions = new Set(
  "vbs exe bin bat chm com cpl crt hlp hta inf ins isp jse lnk mdb pcd pif reg scr sct shs vbe vba wsf wsh wsl msc msi msp mst".split(
    " ",
  ),
);
const trackLinksValues: readonly string[] = ["None", "HtmlAndText", "HtmlOnly", "TextOnly"];
const attachmentBytesMax = 10 * 1024 * 1024;

/** Names of fields whose JSON type is wrong (403). null counts as absent, as Postmark's own clients send it. */
export function wrongTypes(item: unknown): string[] {
  if (!isObject(item)) return ["Messages"];
  const wrong = stringFields.filter((name) => isSet(item[name]) && typeof item[name] !== "string");
  if (isSet(item.TrackOpens) && typeof item.TrackOpens !== "boolean") wrong.push("TrackOpens");
  if (isSet(item.Headers) && !listOf(item.Headers, ["Name", "Value"])) wrong.push("Headers");
  if (isSet(item.Metadata) && !(isObject(item.Metadata) && Object.values(item.Metadata).every(isString)))
    wrong.push("Metadata");
  if (isSet(item.Attachments) && !listOf(item.Attachments, ["Name", "Content", "ContentType", "ContentID"]))
    wrong.push("Attachments");
  return wrong;
}

/** The text of a 403. */
export function wrongTypesText(names: string[]): string {
  return `Invalid request field(s): ${names.map((n) => `'${n}'`).join(", ")}.`;
}

/** Steps 3 to 10 of the validation, in Postmark's order; types must have been checked. */
export function validate(item: Fields, streams: Stream[]): Verdict {
  const stream = text(item.MessageStream) ?? "outbound";
  const addresses = readAddresses(item);
  const refusal =
    checkStream(stream, streams) ??
    (("code" in addresses && addresses) || null) ??
    checkContent(item) ??
    checkMetadata(metadataOf(item)) ??
    checkTrackLinks(item) ??
    checkAttachments(item);
  if (refusal) return "tooLarge" in refusal ? { kind: "tooLarge" } : { kind: "refused", ...refusal };
  if ("code" in addresses) return { kind: "refused", ...addresses };
  return { kind: "valid", draft: draftOf(item, stream, addresses) };
}

type Refusal = { code: number; message: string };
type Addresses = { from: Address; recipients: Recipient[] };
const invalid = (message: string): Refusal => ({ code: 300, message });

function checkStream(id: string, streams: Stream[]): Refusal | null {
  const stream = streams.find((s) => s.id === id);
  if (!stream || stream.archivedAtMs !== null)
    return { code: 1235, message: "The 'MessageStream' provided does not exist on this server." };
  if (stream.type === "Inbound")
    return { code: 1236, message: "Sandbox text: sending is not supported on this stream type." };
  return null;
}

function readAddresses(item: Fields): Addresses | Refusal {
  const given = text(item.From) ?? "";
  const senders = parseAddresses(given);
  const from = "bad" in senders ? undefined : senders[0];
  if (!from) return invalid(`Invalid 'From' address: '${given}'.`);
  const recipients: Recipient[] = [];
  for (const field of ["To", "Cc", "Bcc", "ReplyTo"] as const) {
    const list = parseAddresses(text(item[field]) ?? "");
    if ("bad" in list) {
      const copied = field === "Cc" || field === "Bcc";
      return invalid(copied ? `Error parsing '${field}': ${list.why}` : `Invalid '${field}' address: '${list.bad}'.`);
    }
    if (field !== "ReplyTo") recipients.push(...list.map((a) => ({ ...a, field, skipped: false })));
  }
  if (recipients.length === 0) return invalid("Zero recipients specified");
  if (recipients.length > 50) return invalid("Sandbox text: more than 50 recipients in To, Cc and Bcc.");
  return { from, recipients };
}

function checkContent(item: Fields): Refusal | null {
  if (!text(item.HtmlBody) && !text(item.TextBody))
    return invalid("Provide either email TextBody or HtmlBody or both.");
  const limits = [
    ["Subject", 2000],
    ["Tag", 1000],
    ["From", 255],
  ] as const;
  const long = limits.find(([name, limit]) => (text(item[name]) ?? "").length > limit);
  return long ? invalid(`Sandbox text: ${long[0]} is longer than ${long[1]} characters.`) : null;
}

function checkMetadata(metadata: Record<string, string>): Refusal | null {
  const keys = Object.keys(metadata);
  if (keys.length > 10) return invalid("Sandbox text: more than 10 Metadata keys.");
  if (keys.some((k) => k.length > 20)) return invalid("Sandbox text: Metadata key longer than 20 characters.");
  if (Object.values(metadata).some((v) => v.length > 80))
    return invalid("Sandbox text: Metadata value longer than 80 characters.");
  if (new Set(keys.map((k) => k.toLowerCase())).size < keys.length)
    return invalid("Sandbox text: Metadata keys must be unique, ignoring case.");
  return null;
}

function checkTrackLinks(item: Fields): Refusal | null {
  const value = text(item.TrackLinks);
  return value && !trackLinksValues.includes(value)
    ? invalid("Sandbox text: TrackLinks must be None, HtmlAndText, HtmlOnly or TextOnly.")
    : null;
}

function checkAttachments(item: Fields): Refusal | { tooLarge: true } | null {
  let bytes = 0;
  for (const attachment of attachmentsOf(item)) {
    const name = text(attachment.Name) ?? "";
    const content = text(attachment.Content) ?? "";
    const extension = name.includes(".") ? (name.split(".").pop() ?? "").toLowerCase() : "";
    if (forbiddenExtensions.has(extension))
      return { code: 411, message: `Sandbox text: attachment type .${extension} is not allowed.` };
    if (name === "") return invalid("Sandbox text: an attachment has no Name.");
    if (content === "" || content.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(content))
      return invalid(`Sandbox text: the Content of attachment ${name} is not base64.`);
    bytes += content.length;
  }
  return bytes > attachmentBytesMax ? { tooLarge: true } : null;
}

function draftOf(item: Fields, stream: string, addresses: Addresses): Draft {
  const headers = Array.isArray(item.Headers) ? item.Headers.filter(isObject) : [];
  return {
    stream,
    ...addresses,
    to: text(item.To) ?? undefined,
    cc: text(item.Cc) ?? undefined,
    bcc: text(item.Bcc) ?? undefined,
    subject: text(item.Subject) ?? "",
    tag: text(item.Tag),
    html: text(item.HtmlBody),
    text: text(item.TextBody),
    replyTo: text(item.ReplyTo),
    headers: headers.map((h) => ({ name: String(h.Name ?? ""), value: String(h.Value ?? "") })),
    metadata: metadataOf(item),
    trackOpens: item.TrackOpens === true,
    // Checked against the list of values above.
    trackLinks: text(item.TrackLinks) as TrackLinks | null,
    attachments: attachmentsOf(item).map((a) => String(a.Name)),
  };
}

function metadataOf(item: Fields): Record<string, string> {
  if (!isObject(item.Metadata)) return {};
  return Object.fromEntries(Object.entries(item.Metadata).map(([key, value]) => [key, String(value)]));
}

function attachmentsOf(item: Fields): Fields[] {
  return Array.isArray(item.Attachments) ? item.Attachments.filter(isObject) : [];
}

const isSet = (value: unknown) => value !== undefined && value !== null;
const isString = (value: unknown): value is string => typeof value === "string";
/** A string that says something, else null. */
const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown, keys: string[]): boolean {
  return (
    Array.isArray(value) &&
    value.every((entry) => isObject(entry) && keys.every((key) => !isSet(entry[key]) || isString(entry[key])))
  );
}
