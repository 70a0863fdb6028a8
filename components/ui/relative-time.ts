const units = [
  { unit: "year", seconds: 31_557_600 },
  { unit: "month", seconds: 2_629_800 },
  { unit: "week", seconds: 604_800 },
  { unit: "day", seconds: 86_400 },
  { unit: "hour", seconds: 3600 },
  { unit: "minute", seconds: 60 },
] as const;

const format = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** "3 min. ago", "in 2 hr.", "yesterday"; less than a minute either way is "just now" or "in a moment". */
export function relativeTime(atMs: number, nowMs: number): string {
  const seconds = (atMs - nowMs) / 1000;
  const size = Math.abs(seconds);
  const step = units.find((row) => size >= row.seconds);
  if (!step) return seconds > 5 ? "in a moment" : "just now";
  return format.format(Math.trunc(seconds / step.seconds), step.unit);
}

/** "21 Nov 2026, 20:18:05 UTC": the whole truth, in the given IANA zone. */
export function exactTime(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZone,
    timeZoneName: "short",
  }).format(atMs);
}
