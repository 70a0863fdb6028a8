"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { type Action, settled } from "@/components/form/use-action";
import type { ActionResult } from "@/lib/errors";
import type {
  Resolution,
  ResolvedSends,
  ResolveSendsInput,
  SeenAs,
  Send,
  SendPage,
  SendStatus,
} from "@/lib/sends/schema";
import { seenAs } from "./decision-words";

/** Decides about so many in one call: few enough that somebody sees it going on. */
const atOnce = 25;

export type Resolve = Action<ResolveSendsInput, ResolvedSends>;
type View = { status?: SendStatus | undefined; held?: "true" | undefined; reason?: string | undefined };
/** Reads the sends of a view, page by page. */
export type ListWaiting = Action<View & { limit: number; cursor?: string }, SendPage>;

/** `done` counts what was tried; `errors` says, by id, why something could not be decided. */
export type Progress = { done: number; total: number };
export type Outcome = { as: Resolution; resolved: number; errors: ReadonlyMap<string, string> };

/** Emails that one call decides about: all were seen as the same. */
type Piece = { ids: string[]; attempts: number[]; was: SeenAs };
type Pieces = AsyncGenerator<ActionResult<Piece>>;

/** Decides about many emails piece by piece: how far it is, what came of it, and the reason of each that could not be decided. */
export function useDeciding(resolve: Resolve) {
  const router = useRouter();
  const [progress, setProgress] = useState<Progress | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const busy = useRef(false);

  const decide = async (as: Resolution, pieces: Pieces, total: number): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    setOutcome(null);
    setProgress({ done: 0, total });
    const errors = new Map<string, string>();
    let resolved = 0;
    let done = 0;
    try {
      for await (const piece of pieces) {
        const answer = piece.ok ? await settled(resolve, { ...piece.value, as }) : piece;
        // A lost connection or a lost right does not come back with the next piece.
        if (!answer.ok) {
          for (const id of piece.ok ? piece.value.ids : ["The rest"]) errors.set(id, answer.error.detail);
          break;
        }
        resolved += answer.value.resolved;
        for (const { id, detail } of answer.value.errors) errors.set(id, detail);
        done += piece.ok ? piece.value.ids.length : 0;
        setProgress({ done, total: Math.max(total, done) });
      }
    } finally {
      busy.current = false;
      setProgress(null);
    }
    setOutcome({ as, resolved, errors });
    router.refresh();
  };

  return { decide, progress, outcome, forget: () => setOutcome(null) };
}

/** Emails as a person saw them, so many at a time, late and unknown ones apart. */
export async function* inPieces(sends: readonly Pick<Send, "id" | "status" | "attempts">[]): Pieces {
  for (const was of ["late", "unknown"] as const) {
    const seen = sends.filter((send) => seenAs(send) === was);
    for (let from = 0; from < seen.length; from += atOnce) {
      const some = seen.slice(from, from + atOnce);
      yield { ok: true, value: { ids: some.map(({ id }) => id), attempts: some.map(({ attempts }) => attempts), was } };
    }
  }
}

/**
 * The emails of a whole view, page by page: what is decided leaves it, so each page is asked from where the last one ended. A view that
 * is open to decisions as a whole has only late or only unknown ones, before and after.
 */
export async function* inPages(list: ListWaiting, view: View): Pieces {
  let cursor: string | undefined;
  do {
    const page = await settled(list, { ...view, limit: 200, ...(cursor && { cursor }) });
    if (!page.ok) {
      yield page;
      return;
    }
    yield* inPieces(page.value.data);
    cursor = page.value.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
