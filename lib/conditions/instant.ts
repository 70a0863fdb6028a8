const shape =
  /^([1-9]\d{3})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d\d):?(\d\d))?)?$/;

/**
 * The moment that an ISO 8601 text names, in milliseconds since 1970: a date (midnight UTC), or a date and time, which
 * is taken as UTC where it names no offset, so that the server's own zone never matters.
 * @returns null for anything else, a date that does not exist included
 */
export function instantMs(value: unknown): number | null {
  const found = typeof value === "string" ? shape.exec(value) : null;
  if (found === null) return null;
  const part = (index: number) => Number(found[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59 || part(10) > 15 || part(11) > 59) return null;
  const fractionMs = Math.trunc(Number(`0.${found[7] ?? 0}`) * 1_000);
  const offsetMinutes = (part(10) * 60 + part(11)) * (found[9] === "-" ? -1 : 1);
  return Date.UTC(year, month - 1, day, hour, minute - offsetMinutes, second, fractionMs);
}

// Day 0 of the next month is the last day of this one.
const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
