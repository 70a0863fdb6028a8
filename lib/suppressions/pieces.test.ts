import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareByCodePoint, type ListEntry, piecesOf } from "./pieces";

const entry = (email: string, over: Partial<ListEntry> = {}): ListEntry => ({
  email,
  reason: "manual",
  origin: "customer",
  createdAt: new Date("2026-11-01T00:00:00Z"),
  ...over,
});

describe("a list in pieces", () => {
  test("covers every address there can be, each in one piece, in the order of the database's bytes", () => {
    const letters = fc.constantFrom("a", "Z", "_", "é", "\u{1F600}", "\uFF01", "@");
    const emails = fc.array(fc.string({ unit: letters, minLength: 1, maxLength: 4 }), { maxLength: 40 });
    fc.assert(
      fc.property(emails, fc.integer({ min: 1, max: 7 }), (given, entriesMax) => {
        const pieces = piecesOf(
          given.map((email) => entry(email)),
          entriesMax,
        );
        expect([pieces[0]?.after, pieces.at(-1)?.upTo]).toEqual([null, null]);
        const bytes = (text: string | null) => Buffer.from(text ?? "");
        for (const [at, piece] of pieces.entries()) {
          if (at > 0) expect(piece.after).toBe(pieces[at - 1]?.upTo);
          expect(piece.entries.length).toBeLessThanOrEqual(entriesMax);
          for (const { email } of piece.entries) {
            expect(piece.after === null || bytes(email).compare(bytes(piece.after)) > 0).toBe(true);
            expect(piece.upTo === null || bytes(email).compare(bytes(piece.upTo)) <= 0).toBe(true);
          }
        }
        const all = pieces.flatMap((piece) => piece.entries.map(({ email }) => email));
        expect([...all].sort()).toEqual([...new Set(given.map((email) => email.trim().toLowerCase()))].sort());
      }),
    );
  });

  test("an empty list is one piece that covers everything, so that what it no longer has is found", () => {
    expect(piecesOf([], 10)).toEqual([{ after: null, upTo: null, entries: [] }]);
  });

  test("an address that stands there twice counts once: the newest, at the same moment the one that protects more", () => {
    const later = new Date("2026-11-02T00:00:00Z");
    const complaint = entry("A@example.com", { reason: "spam_complaint" });
    const [piece] = piecesOf([entry("a@example.com"), complaint, entry("b@example.com")], 10);
    expect(piece?.entries.map(({ email, reason }) => [email, reason])).toEqual([
      ["a@example.com", "spam_complaint"],
      ["b@example.com", "manual"],
    ]);
    const [other] = piecesOf([complaint, entry("a@example.com", { createdAt: later })], 10);
    expect(other?.entries[0]?.reason).toBe("manual");
  });

  test("surrogates stand behind everything else, as in UTF-8", () => {
    expect(compareByCodePoint("\u{1F600}", "\uFF01")).toBeGreaterThan(0);
    expect(compareByCodePoint("a", "ab")).toBeLessThan(0);
  });
});
