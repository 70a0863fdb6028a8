import { expect, test } from "vitest";
import type { Send, SendPage } from "@/lib/sends/schema";
import { inPages, inPieces, type ListWaiting } from "./use-deciding";

const sends = (status: Send["status"], count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ id: `${status}-${from + index}`, status, attempts: from + index }));
async function all<T>(pieces: AsyncIterable<T>): Promise<T[]> {
  const told: T[] = [];
  for await (const piece of pieces) told.push(piece);
  return told;
}

test("what was seen as late is never decided in one call with what was seen as unknown, whatever it has become since", async () => {
  const mixed = sends("unknown", 30).flatMap((send, index) =>
    index < 2 ? [send, ...sends("queued", 1, index)] : [send],
  );
  const told = await all(inPieces(mixed));
  expect(told.map((piece) => piece.ok && [piece.value.was, piece.value.ids.length])).toEqual([
    ["late", 2],
    ["unknown", 25],
    ["unknown", 5],
  ]);
  for (const piece of told)
    if (piece.ok)
      for (const [index, id] of piece.value.ids.entries()) {
        expect(id).toMatch(piece.value.was === "late" ? /^queued/ : /^unknown/);
        expect(id, "with its own attempts").toMatch(new RegExp(`-${piece.value.attempts[index]}$`));
      }
});

test("a view is decided page by page to its end, each email as what the view shows it", async () => {
  const pages = [sends("unknown", 26), sends("unknown", 1, 26)];
  const list: ListWaiting = async ({ cursor }) => {
    const at = cursor === undefined ? 0 : Number(cursor);
    // The generator reads ids, statuses and attempts only.
    const value = { data: pages[at], next_cursor: at === 0 ? "1" : null } as unknown as SendPage;
    return { ok: true, value };
  };
  const told = await all(inPages(list, { status: "unknown" }));
  expect(told.map((piece) => piece.ok && [piece.value.was, piece.value.ids.length])).toEqual([
    ["unknown", 25],
    ["unknown", 1],
    ["unknown", 1],
  ]);
});
