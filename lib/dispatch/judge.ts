import { attemptsMax, lookUpDelayMs, lookUpGapMs, retryDelayMs } from "./backoff";
import { absentSeenMin } from "./limits";
import type { AttemptRecord, Settlement, Verdict } from "./schema";

/** An attempt that may have carried its send: nobody knows yet. */
export type OpenAttempt = {
  number: number;
  batchId: string;
  serverId: string | null;
  /** The stream that it went to; the send may be on another one by now. */
  stream: string;
  startedAt: Date;
  sendBy: Date;
  absentSeen: number;
  checkedAt: Date | null;
};
/** A send found `sending` after its lease, or `unknown`. `tries`: calls that surely carried nothing. */
export type Unsettled = {
  id: string;
  kind: string;
  status: string;
  tries: number;
  fromEmail: string | null;
  unknownSince: Date | null;
  open: OpenAttempt[];
};

/**
 * What the provider's search said of one batch. `sees`: in the same breath it showed a message of that server and stream that was
 * surely accepted after the batch's attempts had ended, so what it does not show, it does not have.
 */
export type Look =
  | { kind: "shown"; messageIds: ReadonlyMap<string, string>; sees: boolean }
  | { kind: "cannot_know"; cause: string }
  | { kind: "not_asked" };

export type LookUpCircumstances = { at: Date; providerTimeoutMs: number; searchLagMs: number; chance: number };
export type Judgement = Verdict & { attempts: AttemptRecord[] };

/** What becomes of a send that was looked up at `at`. Pure. Sent again only when every attempt that may have carried it surely did not. */
export function judge(
  send: Unsettled,
  looks: ReadonlyMap<string, Look>,
  circumstances: LookUpCircumstances,
): Judgement {
  for (const attempt of send.open) {
    const look = looks.get(attempt.batchId);
    const messageId = look?.kind === "shown" ? look.messageIds.get(send.id) : undefined;
    if (messageId !== undefined) return found(send, attempt, messageId);
  }
  const attempts = send.open.map((attempt) => recordOf(send, attempt, looks.get(attempt.batchId), circumstances));
  const settled = attempts.every(({ outcome }) => outcome !== null);
  return {
    ...(settled
      ? neverTaken(send, attempts.length, circumstances)
      : stillUnknown(send, attempts, looks, circumstances)),
    attempts,
  };
}

/** From when on not being shown counts: the call is surely over, and the search has had its time. */
export const countsFromMs = (
  { sendBy }: Pick<OpenAttempt, "sendBy">,
  { providerTimeoutMs, searchLagMs }: Pick<LookUpCircumstances, "providerTimeoutMs" | "searchLagMs">,
): number => sendBy.getTime() + providerTimeoutMs + searchLagMs;

function recordOf(
  send: Unsettled,
  attempt: OpenAttempt,
  look: Look | undefined,
  circumstances: LookUpCircumstances,
): AttemptRecord {
  const { at, searchLagMs } = circumstances;
  const line = { sendId: send.id, number: attempt.number, outcome: null };
  if (look?.kind !== "shown") return line;
  const lately = attempt.checkedAt !== null && at.getTime() - attempt.checkedAt.getTime() < lookUpGapMs(searchLagMs);
  const counts = look.sees && at.getTime() > countsFromMs(attempt, circumstances);
  // Twice at different times: a look that follows too closely says the same thing as the last one.
  if (!counts || (attempt.absentSeen > 0 && lately)) return attempt.absentSeen > 0 ? line : { ...line, seen: 0 };
  const proven = attempt.absentSeen + 1 >= absentSeenMin;
  return { ...line, seen: 1, outcome: proven ? "absent" : null };
}

function found(send: Unsettled, { number, startedAt }: OpenAttempt, messageId: string): Judgement {
  return {
    settlement: {
      ...blank(send, number),
      fact: "accepted",
      status: "sent",
      providerMessageId: messageId,
      // Surely not later than the provider took it, which is what witnesses rely on.
      sentAt: startedAt,
    },
    attempt: { sendId: send.id, number, outcome: "accepted" },
    note: { reason: "found", details: {} },
    attempts: [],
  };
}

function neverTaken(send: Unsettled, openCount: number, { at, chance }: LookUpCircumstances): Verdict {
  const tries = send.tries + openCount;
  const fails = send.kind === "test" ? "not_sent" : tries >= attemptsMax ? "attempts_exhausted" : null;
  const details = { tries };
  if (fails !== null)
    return {
      settlement: { ...blank(send), status: "failed", reason: fails },
      attempt: null,
      note: { reason: fails, details },
    };
  const dueAt = new Date(at.getTime() + (tries > 1 ? retryDelayMs(tries - 1, chance) : 0));
  return {
    settlement: { ...blank(send), status: "queued", dueAt },
    attempt: null,
    note: openCount > 0 ? { reason: "proven_absent", details } : null,
  };
}

function stillUnknown(
  send: Unsettled,
  attempts: readonly AttemptRecord[],
  looks: ReadonlyMap<string, Look>,
  circumstances: LookUpCircumstances,
): Verdict {
  const causes = send.open.flatMap(({ batchId }) => {
    const look = looks.get(batchId);
    return look?.kind === "cannot_know" ? look.cause : [];
  });
  const reason = causes.length > 0 ? "cannot_know" : "no_answer";
  return {
    settlement: {
      ...blank(send),
      status: "unknown",
      reason,
      detail: causes[0] ?? null,
      dueAt: nextLookAt(send, attempts, looks, circumstances),
    },
    attempt: null,
    // Said once, when it becomes unknown, and not at every look.
    note: send.status === "sending" ? { reason, details: causes[0] ? { cause: causes[0] } : {} } : null,
  };
}

function nextLookAt(
  send: Unsettled,
  attempts: readonly AttemptRecord[],
  looks: ReadonlyMap<string, Look>,
  circumstances: LookUpCircumstances,
): Date {
  const { at, searchLagMs } = circumstances;
  const atMs = at.getTime();
  const gapMs = lookUpGapMs(searchLagMs);
  // Half way to a proof: as soon as a second look counts, which is counted from when this one is saved.
  const halfWay = send.open.some((attempt, index) => {
    const look = looks.get(attempt.batchId);
    return attempts[index]?.seen === 1 || (attempt.absentSeen > 0 && look?.kind === "shown" && look.sees);
  });
  if (halfWay) return new Date(atMs + 2 * gapMs);
  // Not looked at for want of time: soon.
  if (send.open.some(({ batchId }) => (looks.get(batchId)?.kind ?? "not_asked") === "not_asked"))
    return new Date(atMs + gapMs);
  const usualMs = atMs + lookUpDelayMs(atMs - (send.unknownSince?.getTime() ?? atMs), { searchLagMs });
  const countsMs = Math.max(...send.open.map((attempt) => countsFromMs(attempt, circumstances))) + 1;
  return new Date(countsMs > atMs ? Math.min(usualMs, Math.max(countsMs, atMs + gapMs)) : usualMs);
}

const blank = (send: Unsettled, number = send.open.at(-1)?.number ?? 0): Omit<Settlement, "status"> => ({
  sendId: send.id,
  number,
  fact: null,
  reason: null,
  detail: null,
  dueAt: null,
});
