import { normalEmail, type SuppressionReason } from "./schema";

/** An address as the provider's list has it. */
export type ListEntry = {
  email: string;
  reason: SuppressionReason;
  origin: "recipient" | "customer" | "admin" | "provider";
  createdAt: Date;
};

/** A stretch of addresses in the order of their bytes: behind `after`, up to and with `upTo`; null: to the end. */
export type Piece<T> = { after: string | null; upTo: string | null; entries: T[] };

/**
 * A list in pieces of at most `entriesMax` that together cover every address there can be, so that each piece can be compared with
 * what is known of its stretch, and nothing but one piece is ever locked. An address that stands there twice counts once: by the
 * entry that is newest, at the same moment by the one that protects it more.
 */
export function piecesOf<T extends ListEntry>(entries: readonly T[], entriesMax: number): Piece<T>[] {
  const sorted = distinct(entries).sort(byBytes(entries));
  const pieces: Piece<T>[] = [];
  let after: string | null = null;
  for (let from = 0; from < sorted.length; from += entriesMax) {
    const piece = sorted.slice(from, from + entriesMax);
    const upTo = from + entriesMax < sorted.length ? (piece.at(-1)?.email ?? null) : null;
    pieces.push({ after, upTo, entries: piece });
    after = upTo;
  }
  return pieces.length > 0 ? pieces : [{ after: null, upTo: null, entries: [] }];
}

function distinct<T extends ListEntry>(entries: readonly T[]): T[] {
  const newest = new Map<string, T>();
  for (const entry of entries) {
    const email = normalEmail(entry.email);
    const seen = newest.get(email);
    if (!seen || outranks(entry, seen)) newest.set(email, email === entry.email ? entry : { ...entry, email });
  }
  return [...newest.values()];
}

function outranks(one: ListEntry, other: ListEntry): boolean {
  const later = one.createdAt.getTime() - other.createdAt.getTime();
  return later === 0 ? gravity.indexOf(one.reason) > gravity.indexOf(other.reason) : later > 0;
}
const gravity: readonly SuppressionReason[] = ["manual", "unsubscribe", "hard_bounce", "spam_complaint"];

/** As PostgreSQL's ~<~ orders UTF-8 text. JavaScript's own order is the same as long as everything is ASCII, and far quicker. */
function byBytes(entries: readonly ListEntry[]): (one: ListEntry, other: ListEntry) => number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  const plain = entries.every(({ email }) => /^[\u0000-\u007f]*$/.test(email));
  if (plain) return ({ email: one }, { email: other }) => (one < other ? -1 : one > other ? 1 : 0);
  return ({ email: one }, { email: other }) => compareByCodePoint(one, other);
}

/** The order of UTF-8 is the order of code points; JavaScript's is that of UTF-16, where surrogates stand before U+E000. */
export function compareByCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    if (one[at] === other[at]) continue;
    return rank(one.charCodeAt(at)) - rank(other.charCodeAt(at));
  }
  return one.length - other.length;
}

const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
