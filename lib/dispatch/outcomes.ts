import type { CallOutcome, OutgoingMessage } from "../connections/schema";
import type { SuppressionChange } from "../suppressions/schema";
import type { Batch, Verdict } from "./schema";
import { type Carried, settle, settleNotSent, settleRefusedCall, settleUnknown } from "./settle";

/** One email of a call. */
type Item = { carried: Carried; message: OutgoingMessage; fromEmail: string };
/** `held`: the call was the try that finds out whether its lane still is. */
type Circumstances = { now: Date; chance: () => number; searchLagMs: number; held: boolean };

/** What a call means for each of its emails: the one mapping for calls of many and of one. */
export function verdictsOf(call: CallOutcome, items: readonly Item[], circumstances: Circumstances): Verdict[] {
  return items.map(({ carried, message, fromEmail }, index) => {
    const verdict = verdictOf(call, carried, { ...circumstances, index, count: items.length });
    const { to: toEmail, subject } = message;
    const { settlement, note } = verdict;
    return {
      ...verdict,
      settlement: { ...settlement, toEmail, fromEmail, subject },
      // Said when it began to be held, and not at every try.
      note: circumstances.held && settlement.status === "queued" ? null : note,
    };
  });
}

/** What it means for the email at `index` of `count`. Answers belong to messages by position, so only when their number is right. */
export function verdictOf(
  call: CallOutcome,
  carried: Carried,
  { index, count, chance, ...rest }: Omit<Circumstances, "held"> & { index: number; count: number },
): Verdict {
  const circumstances = { ...rest, chance: chance() };
  switch (call.kind) {
    case "answered": {
      const outcome = call.outcomes.length === count ? call.outcomes[index] : undefined;
      const wrong = `${call.outcomes.length} answers to ${count} messages`;
      return settle(outcome ?? { kind: "unknown", cause: wrong }, carried, circumstances);
    }
    case "call_refused":
      return settleRefusedCall(call, carried, circumstances);
    case "not_sent":
      return settleNotSent(call, carried, circumstances);
    case "unknown":
      return settleUnknown(call.cause, carried, circumstances);
  }
}

/** The provider holds these addresses back on this stream; from now on so do we. Why it does is not said. */
export function suppressionsOf(
  call: CallOutcome,
  items: readonly Pick<Item, "message">[],
  { lane, now }: Pick<Batch, "lane" | "now">,
): SuppressionChange[] {
  if (call.kind !== "answered" || call.outcomes.length !== items.length) return [];
  return items.flatMap(({ message }, index) =>
    call.outcomes[index]?.kind !== "inactive"
      ? []
      : {
          email: message.to.toLowerCase(),
          scope: "stream",
          connectionId: lane.connectionId,
          stream: lane.stream,
          active: true,
          reason: "manual",
          origin: "provider",
          changedAt: now(),
        },
  );
}
