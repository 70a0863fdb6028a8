const zone = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const offsets = new Map<number, number>();

/** Minutes that Postmark's home (US Eastern) is ahead of UTC at an instant: -300 or -240. */
function easternOffsetMinutes(atMs: number): number {
  // The offset changes on the hour only, and a formatter is too slow to ask for every message.
  const hour = Math.floor(atMs / 3_600_000);
  const known = offsets.get(hour);
  if (known !== undefined) return known;
  const part = Object.fromEntries(zone.formatToParts(hour * 3_600_000).map((p) => [p.type, Number(p.value)]));
  const local = Date.UTC(
    part.year ?? 1970,
    (part.month ?? 1) - 1,
    part.day ?? 1,
    part.hour ?? 0,
    part.minute ?? 0,
    part.second ?? 0,
  );
  const minutes = Math.round((local - hour * 3_600_000) / 60_000);
  if (offsets.size > 5000) offsets.clear();
  offsets.set(hour, minutes);
  return minutes;
}

/** `2026-09-14T10:04:31.5170000-04:00`, as in answers. */
export function easternStamp(atMs: number): string {
  const minutes = easternOffsetMinutes(atMs);
  const local = new Date(atMs + minutes * 60_000).toISOString().slice(0, -1);
  const hours = String(Math.abs(minutes) / 60).padStart(2, "0");
  return `${local}0000${minutes < 0 ? "-" : "+"}${hours}:00`;
}

/** `2026-09-14T10:04:31-04:00`, as in suppressions and stream edits. */
export function easternSeconds(atMs: number): string {
  return easternStamp(atMs).replace(/\.\d{7}/, "");
}

/** `2026-09-14T14:04:31.5170000Z`, as in webhooks. */
export function utcStamp(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1)}0000Z`;
}

/** The Eastern calendar day, as in stats. */
export function easternDay(atMs: number): string {
  return easternStamp(atMs).slice(0, 10);
}

/**
 * Reads a query date: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS` in Eastern time, or an instant with its own zone.
 * A bare day as the end of a range means its last millisecond. Undefined when it cannot be read.
 */
export function parseEastern(text: string, end: "from" | "to"): number | undefined {
  if (/(?:Z|[+-]\d\d:?\d\d)$/.test(text) && text.includes("T")) {
    const instant = Date.parse(text);
    return Number.isNaN(instant) ? undefined : instant;
  }
  const day = /^\d{4}-\d\d-\d\d$/.test(text);
  if (!day && !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)) return undefined;
  const local = Date.parse(`${day ? `${text}T00:00:00` : text}Z`);
  if (Number.isNaN(local)) return undefined;
  const start = local - easternOffsetMinutes(local + 5 * 3_600_000) * 60_000;
  return day && end === "to" ? start + 86_400_000 - 1 : start;
}
