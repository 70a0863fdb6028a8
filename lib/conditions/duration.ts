/** The longest wait or window that a rule may name: five years, in milliseconds. */
export const durationMsMax = 5 * 366 * 24 * 3_600_000;

const shape = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const units = [
  { name: "week", ms: 7 * 24 * 3_600_000 },
  { name: "day", ms: 24 * 3_600_000 },
  { name: "hour", ms: 3_600_000 },
  { name: "minute", ms: 60_000 },
  { name: "second", ms: 1_000 },
] as const;

type Reading = { ms: number } | { problem: string };

/**
 * Reads an ISO 8601 duration of whole weeks, days, hours, minutes and seconds, such as `PT4H`, `P2D` or `P1DT12H`.
 * A day is always 24 h. Months and years are refused, because nobody can say how many hours they have.
 * @returns milliseconds, or a sentence that says what is wrong
 */
export function readDuration(text: string): Reading {
  if (/^P(?:\d+[YMWD])*\d+[YM]/.test(text))
    return { problem: "Months and years have no fixed length. Use days, as in P30D." };
  const found = shape.exec(text);
  if (found === null || /[PT]$/.test(text)) return { problem: "Use an ISO 8601 duration such as PT30M, PT4H or P2D." };
  const ms = units.reduce((sum, unit, index) => sum + Number(found[index + 1] ?? 0) * unit.ms, 0);
  return ms > durationMsMax ? { problem: "The longest duration is five years (P1830D)." } : { ms };
}

/** A duration that was parsed before, in milliseconds. @throws RangeError for any other text */
export function durationMs(text: string): number {
  const reading = readDuration(text);
  if ("problem" in reading) throw new RangeError(`${text}: ${reading.problem}`);
  return reading.ms;
}

/** A duration for people: `P1DT12H` → "1 day 12 hours". Text that is no duration comes back as it is. */
export function describeDuration(text: string): string {
  const found = shape.exec(text);
  if (found === null) return text;
  const words = units.flatMap((unit, index) => {
    const count = Number(found[index + 1] ?? 0);
    return count === 0 ? [] : [`${count} ${unit.name}${count === 1 ? "" : "s"}`];
  });
  return words.length === 0 ? "no time" : words.join(" ");
}
