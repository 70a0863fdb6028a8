import type { CallOutcome, SendOutcome } from "../connections/schema";
import { attemptsMax, lookUpDelayMs, retryDelayMs } from "./backoff";
import { newsOfRefusal, refusals } from "./refusals";
import type { LaneNews, Verdict } from "./schema";

/** One email of a call: the attempt, and how many calls before it surely carried nothing. */
export type Carried = { sendId: string; number: number; tries: number };
type Circumstances = { now: Date; chance: number; searchLagMs: number };
type RefusedCall = Extract<CallOutcome, { kind: "call_refused" }>;
type PutOff = Extract<CallOutcome, { kind: "not_sent" }>;

/** What an email becomes, given what the provider said of it. */
export function settle(outcome: SendOutcome, carried: Carried, circumstances: Circumstances): Verdict {
  switch (outcome.kind) {
    case "accepted":
      return {
        settlement: {
          ...blank(carried),
          fact: "accepted",
          status: "sent",
          detail: outcome.note,
          providerMessageId: outcome.messageId,
        },
        attempt: { ...named(carried), outcome: "accepted", detail: outcome.note },
        note: { reason: "accepted", details: outcome.note === null ? {} : { remark: outcome.note } },
      };
    case "inactive":
      return refusal(carried, "skipped", { reason: "suppressed", ...outcome });
    case "refused":
      return refusal(carried, "failed", { reason: "refused", code: outcome.code, message: outcome.message });
    case "sender_refused":
      return refusal(carried, "failed", { reason: "from_not_verified", code: outcome.code, message: outcome.message });
    case "blocked":
      return waits(outcome, carried, circumstances);
    case "not_sent":
      if (outcome.late) return asIfNotCalled(carried, circumstances);
      return settleNotSent({ ...outcome, rateLimited: false, retryAfterMs: null }, carried, circumstances);
    case "unknown":
      return settleUnknown(outcome.cause, carried, circumstances);
  }
}

/** Its turn did not come while others of its call left: the provider was not asked, so no try has been used up. */
const asIfNotCalled = (carried: Carried, { now }: Circumstances): Verdict => ({
  settlement: { ...blank(carried), status: "queued", dueAt: new Date(now.getTime() + 1_000) },
  attempt: { ...named(carried), outcome: "not_sent", undo: true },
  note: null,
});

/** What an email becomes that was part of a call which was refused as a whole. `message` stands for a call that cannot be made smaller. */
export function settleRefusedCall(call: RefusedCall, carried: Carried, circumstances: Circumstances): Verdict {
  const { about, code, message } = call;
  if (about === "message") return refusal(carried, "failed", { reason: "refused", code, message });
  return waits({ about, code, message }, carried, circumstances);
}

/** Nothing is burnt: the email waits, due, until what it shares with others is mended. */
function waits(
  { about, code, message }: { about: keyof typeof refusals; code: number | null; message: string },
  carried: Carried,
  { now }: Circumstances,
): Verdict {
  return {
    settlement: { ...blank(carried), status: "queued", detail: message, dueAt: now },
    attempt: { ...named(carried), outcome: "refused", code, detail: message },
    note: { reason: refusals[about], details: { code, message } },
  };
}

/** What an email becomes whose call never left or was put off: it is safe to try again. Being told to slow down is not counted as a try. */
export function settleNotSent(call: PutOff, carried: Carried, { now, chance }: Circumstances): Verdict {
  const tries = carried.tries + (call.rateLimited ? 0 : 1);
  const attempt = {
    ...named(carried),
    outcome: call.rateLimited ? ("refused" as const) : ("not_sent" as const),
    detail: call.cause,
  };
  const details = { cause: call.cause, tries };
  if (tries >= attemptsMax)
    return {
      settlement: { ...blank(carried), status: "failed", reason: "attempts_exhausted", detail: call.cause },
      attempt,
      note: { reason: "attempts_exhausted", details },
    };
  const delayMs = call.retryAfterMs ?? retryDelayMs(call.rateLimited ? 1 : tries, chance);
  const dueAt = new Date(now.getTime() + delayMs);
  return {
    settlement: { ...blank(carried), status: "queued", reason: "provider_busy", detail: call.cause, dueAt },
    attempt,
    note: { reason: "provider_busy", details },
  };
}

/** What a call says about the lane it went through. */
export function laneNewsOf(call: CallOutcome): LaneNews {
  switch (call.kind) {
    case "answered": {
      const blocked = call.outcomes.find((outcome) => outcome.kind === "blocked");
      if (blocked) return newsOfRefusal(blocked.about, blocked.message);
      return newsOfWords(call.outcomes);
    }
    case "call_refused":
      return call.about === "message" ? { kind: "fine" } : newsOfRefusal(call.about, call.message);
    case "not_sent":
      return { kind: "rest", retryAfterMs: call.retryAfterMs, why: call.cause };
    case "unknown":
      return { kind: "rest", retryAfterMs: null, why: call.cause };
  }
}

/** One message alone that is put off says nothing of the others: it may be its mailbox that is full. */
function newsOfWords(outcomes: readonly SendOutcome[]): LaneNews {
  const without = outcomes.flatMap((outcome) =>
    outcome.kind === "unknown" || outcome.kind === "not_sent" ? [outcome] : [],
  );
  if (without.length < outcomes.length || outcomes.length === 0) return { kind: "fine" };
  const tried = without.filter((outcome) => outcome.kind === "unknown" || !outcome.late);
  const why = tried.find(({ kind }) => kind === "unknown") ?? (tried.length > 1 ? tried[0] : undefined);
  return why ? { kind: "rest", retryAfterMs: null, why: why.cause } : { kind: "nothing" };
}

/** What an email becomes when its call got no answer, or one that does not say: nothing is sent again before it is looked up. */
export function settleUnknown(cause: string, carried: Carried, { now, searchLagMs }: Circumstances): Verdict {
  const dueAt = new Date(now.getTime() + lookUpDelayMs(0, { searchLagMs }));
  return {
    settlement: { ...blank(carried), status: "unknown", reason: "no_answer", detail: cause, dueAt },
    attempt: { ...named(carried), outcome: null, detail: cause },
    note: { reason: "no_answer", details: { cause } },
  };
}

function refusal(
  carried: Carried,
  status: "skipped" | "failed",
  {
    reason,
    code,
    message,
  }: { reason: "suppressed" | "refused" | "from_not_verified"; code: number | null; message: string },
): Verdict {
  return {
    settlement: { ...blank(carried), fact: "refused", status, reason, detail: message },
    attempt: { ...named(carried), outcome: "refused", code, detail: message },
    note: { reason, details: { code, message } },
  };
}

const named = ({ sendId, number }: Carried) => ({ sendId, number });
const blank = (carried: Carried) => ({ ...named(carried), fact: null, reason: null, detail: null, dueAt: null });
