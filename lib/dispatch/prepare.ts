import "server-only";
import { setImmediate } from "node:timers/promises";
import type { OutgoingMessage } from "../connections/schema";
import { log } from "../log";
import { addressOf, decideLetter } from "./decide-letter";
import type { OpenedLane } from "./lanes";
import {
  addressLookMaxMs,
  addressLookMs,
  batchBytesMax,
  latenessMaxMs,
  renderShare,
  signalledLookMs,
  unreadableLookMs,
} from "./limits";
import { type Reason, reasonSentence } from "./reasons";
import type { Batch, ClaimedSend, Letter, Settlement, Verdict } from "./schema";
import type { Carried } from "./settle";
import { unsubscribingOf } from "./unsubscribing";
import { writeLetter } from "./write";

/** An email that is ready to leave, and what is known of its attempts. */
export type Ready = { carried: Carried; message: OutgoingMessage; fromEmail: string };
export type Prepared = { ready: Ready[]; verdicts: Verdict[] };

const lettersPerTurn = 20;

/** Decides about each email and renders those that go. What does not fit into this batch, in bytes or time, goes back into the queue. */
export async function prepareBatch(
  batch: Batch,
  letters: readonly Letter[],
  { connector }: OpenedLane,
): Promise<Prepared> {
  const prepared: Prepared = { ready: [], verdicts: [] };
  const bytesMax = Math.min(batchBytesMax, connector.bytesMax);
  const endMs = batch.remainingMs() * (1 - renderShare);
  let bytes = 0;
  for (const [index, letter] of letters.entries()) {
    // Other work of this process is let in between.
    if (index % lettersPerTurn === lettersPerTurn - 1) await setImmediate();
    const result = batch.remainingMs() < endMs ? putBack(letter, batch.now()) : prepareLetter(batch, letter, connector);
    if ("settlement" in result) prepared.verdicts.push(result);
    else if (result.bytes > connector.bytesMax)
      prepared.verdicts.push(drop(letter, "failed", "too_large", { bytes: result.bytes }));
    else if (bytes + result.bytes > bytesMax && prepared.ready.length > 0)
      prepared.verdicts.push(putBack(letter, batch.now()));
    else {
      bytes += result.bytes;
      const carried = { sendId: letter.id, number: letter.number, tries: letter.tries };
      prepared.ready.push({ carried, message: result.message, fromEmail: result.fromEmail });
    }
  }
  return prepared;
}

type Placeholder = { unsubscribePlaceholder: string | null };

function prepareLetter(
  batch: Batch,
  letter: Letter,
  { unsubscribePlaceholder }: Placeholder,
): Verdict | { message: OutgoingMessage; fromEmail: string; bytes: number } {
  const now = batch.now();
  try {
    if (letter.unreadable) throw new Error("its version of the automation was written by a newer release");
    const decision = decideLetter(letter, now);
    switch (decision.kind) {
      case "skip":
        return drop(letter, "skipped", decision.reason, decision.details);
      case "fail":
        return drop(letter, "failed", decision.reason, decision.details);
      case "hold":
        return keep(
          letter,
          { dueAt: null, reason: decision.reason },
          { lateness_from: letter.scheduledAt.toISOString() },
        );
      case "park":
        return keep(letter, { dueAt: now, reason: null, parkFor: letter.automationId ?? undefined });
      case "stopped":
        return putBack(letter, now);
      case "signalled":
        return putBack(letter, later(now, signalledLookMs));
      case "move":
        return keep(letter, { dueAt: now, reason: null, stream: decision.stream });
      case "later":
        return keep(letter, { dueAt: later(now, addressLookDelayMs(letter, now)), reason: decision.reason });
      case "write": {
        const { batchId } = batch;
        const unsubscribing = unsubscribingOf(letter, decision.to, unsubscribePlaceholder);
        const written = writeLetter(letter, decision, { batchId, unsubscribing, now });
        if (written.kind === "message") return { ...written, fromEmail: decision.fromEmail };
        return drop(letter, "failed", written.reason, written.details);
      }
    }
  } catch (thrown) {
    log.error("an email could not be prepared; it is tried again", thrown, { send: letter.id });
    // Not for ever: what is a day late is for a person, like every other.
    if (now.getTime() - letter.scheduledAt.getTime() > latenessMaxMs)
      return keep(letter, { dueAt: null, reason: "late" }, { error: String(thrown).slice(0, 500) });
    return putBack(letter, later(now, unreadableLookMs));
  }
}

/** The email does not leave, for good; the log says to whom it would have gone. */
function drop(letter: Letter, status: "skipped" | "failed", reason: Reason, details: Record<string, unknown>): Verdict {
  const problem = details.problem as { message?: unknown } | undefined; // written by writeLetter, of its RenderProblem
  const detail = typeof problem?.message === "string" ? problem.message : reasonSentence(reason, status);
  const toEmail = (letter.person && addressOf(letter.person)) ?? undefined;
  return undone(letter, { status, reason, detail, dueAt: null, toEmail }, { reason, details });
}

/** The email stays in the queue, or leaves it until somebody puts it back. */
function keep(
  letter: Letter,
  { reason, ...rest }: Pick<Settlement, "dueAt" | "parkFor" | "stream"> & { reason: "late" | "awaiting_email" | null },
  details: Record<string, unknown> = {},
): Verdict {
  const told = rest.parkFor ? ("paused" as const) : reason === "late" ? reason : null;
  const detail = reason === null ? null : reasonSentence(reason);
  return undone(letter, { ...rest, status: "queued", reason, detail }, told && { reason: told, details });
}

/** As if it had not been claimed. */
export const putBack = (claimed: ClaimedSend, dueAt: Date): Verdict =>
  undone(claimed, { status: "queued", reason: null, detail: null, dueAt }, null);

/** No call was made for this attempt, so it did not happen. */
function undone(
  { id, number }: ClaimedSend,
  rest: Omit<Settlement, "sendId" | "number" | "fact">,
  note: Verdict["note"],
): Verdict {
  return {
    settlement: { sendId: id, number, fact: null, ...rest },
    attempt: { sendId: id, number, outcome: "not_sent", undo: true },
    note,
  };
}

const later = (now: Date, delayMs: number) => new Date(now.getTime() + delayMs);

/** Looked for often at first, because an address often comes with the next call of the same sign-up. */
const addressLookDelayMs = ({ scheduledAt }: Letter, now: Date): number =>
  Math.min(Math.max(now.getTime() - scheduledAt.getTime(), addressLookMs), addressLookMaxMs);
