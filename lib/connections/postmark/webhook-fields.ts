/** A webhook's JSON object: anything may be missing or of another type. */
export type Payload = Readonly<Record<string, unknown>>;

export const objectOf = (value: unknown): Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

/** A string field, at most `charactersMax` long and such as PostgreSQL can keep: no U+0000, no half of a surrogate pair. */
export function textOf(payload: Payload, name: string, charactersMax: number): string | null {
  const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
  if (typeof value !== "string") return null;
  return value.slice(0, charactersMax).toWellFormed().replaceAll("\u0000", "");
}

/**
 * The id of a bounce in all its digits: Postmark's are 64-bit, and JSON.parse rounds those above 2^53. The digits stand in the
 * text, where a key inside a string has its quotes escaped; that they round to the parsed number proves them the right ones.
 */
export function bounceIdOf(payload: Payload, text: string): string | null {
  const { ID: id } = payload;
  if (typeof id === "string") return textOf(payload, "ID", 100);
  if (typeof id !== "number") return null;
  if (Number.isSafeInteger(id)) return String(id);
  const digits = [...text.matchAll(/"ID"\s*:\s*(-?\d+)/g)].map((match) => match[1]);
  return digits.find((candidate) => Number(candidate) === id) ?? String(id);
}

const written = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?\s*(Z|[+-]\d{2}:?\d{2})?$/i;
const oldestMs = Date.UTC(2000, 0, 1);
const aheadMsMax = 3_600_000;

/**
 * A moment as Postmark writes it (seven digits of a second, or none; Z, an offset, or neither) as ISO 8601 in UTC. What cannot be
 * read, and what lies ahead by more than clocks differ, is the moment of receipt: the newest change wins, so it may not be later.
 */
export function instantOf(text: string | null, receivedAt: Date): string {
  const match = written.exec(text?.trim() ?? "");
  if (!match) return receivedAt.toISOString(); // Date.parse makes dates of nearly anything
  const [, day, time, fraction = "", zone = "Z"] = match;
  const millis = fraction.slice(0, 3).padEnd(3, "0");
  const offset = zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  const atMs = Date.parse(`${day}T${time}.${millis}${offset}`);
  const believable = atMs >= oldestMs && atMs <= receivedAt.getTime() + aheadMsMax;
  return (believable ? new Date(atMs) : receivedAt).toISOString();
}

const longCharacters = 1000;

/** What the timeline shows: our names, only fields that are there. Postmark tells the opener's IP address; it is not kept. */
export function detailsOf(recordType: string, payload: Payload): Record<string, unknown> {
  const picked = (shown.get(recordType) ?? []).map(([from, to]) => [to, shownValue(payload[from], from)] as const);
  return Object.fromEntries(picked.filter(([, value]) => value !== null));
}

const place = [
  ["Client", "client"],
  ["OS", "os"],
  ["Platform", "platform"],
  ["UserAgent", "user_agent"],
  ["Geo", "geo"],
] as const;
const failure = [
  ["Type", "type"],
  ["TypeCode", "type_code"],
  ["Name", "name"],
  ["Description", "description"],
  ["Details", "details"],
  ["Inactive", "inactive"],
  ["CanActivate", "can_activate"],
] as const;
const shown = new Map<string, readonly (readonly [string, string])[]>([
  ["Delivery", [["Details", "details"]]],
  ["Bounce", failure],
  ["SpamComplaint", failure],
  ["Open", [["FirstOpen", "first_open"], ["ReadSeconds", "read_seconds"], ...place]],
  ["Click", [["OriginalLink", "link"], ["ClickLocation", "location"], ...place]],
  [
    "SubscriptionChange",
    [
      ["SuppressSending", "suppress_sending"],
      ["SuppressionReason", "reason"],
      ["Origin", "origin"],
      ["MessageStream", "stream"],
    ],
  ],
]);

function shownValue(value: unknown, name: string): unknown {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value;
  if (typeof value === "string") return textOf({ value }, "value", longCharacters) || null;
  const inner = objectOf(value);
  if (name === "Geo")
    return joined([textOf(inner, "City", 100), textOf(inner, "Region", 100), textOf(inner, "Country", 100)]);
  return textOf(inner, "Name", 200) || null;
}

const joined = (words: readonly (string | null)[]) => words.filter(Boolean).join(", ") || null;
