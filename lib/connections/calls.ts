import type { CallOutcome, FindOutcome, SendOutcome } from "./connector";

/** What a call to a provider came to, for the figures. Bounded words, so that they may be labels. */
type CallWord = (CallOutcome | FindOutcome)["kind"];
type AnswerWord = SendOutcome["kind"];

/** Messages of an answered call that came to the same. */
type AnswerCount = { outcome: AnswerWord; code: number | null; messages: number };

/** One call to a provider. `code`: the provider's own; `messages`: how many it carried; `ms`: from asking until the end. */
export type ProviderCall = {
  connectionId: string;
  call?: "send" | "find";
  outcome: CallWord;
  code: number | null;
  messages: number;
  ms: number;
  /** What the single messages of an answered call came to. */
  answers?: readonly AnswerCount[];
};

/** A call's outcome as the figures count it: `recordCall(db, tenant, { connectionId, ms, ...callFacts(outcome, messages.length) })`. */
export function callFacts(
  outcome: CallOutcome | FindOutcome,
  messages: number,
): Pick<ProviderCall, "call" | "outcome" | "code" | "messages" | "answers"> {
  switch (outcome.kind) {
    case "found":
    case "cannot_know":
      return { call: "find", outcome: outcome.kind, code: null, messages: 0 };
    case "call_refused":
      return { call: "send", outcome: outcome.kind, code: outcome.code, messages };
    case "not_sent":
      return { call: "send", outcome: outcome.kind, code: outcome.rateLimited ? 429 : null, messages };
    case "unknown":
      return { call: "send", outcome: outcome.kind, code: null, messages };
    case "answered":
      return { call: "send", outcome: outcome.kind, code: null, messages, answers: countAnswers(outcome.outcomes) };
  }
}

function countAnswers(outcomes: Extract<CallOutcome, { kind: "answered" }>["outcomes"]): AnswerCount[] {
  const counts = new Map<string, AnswerCount>();
  for (const outcome of outcomes) {
    const code = "code" in outcome ? outcome.code : null;
    const key = `${outcome.kind} ${code}`;
    const known = counts.get(key);
    if (known) known.messages += 1;
    else counts.set(key, { outcome: outcome.kind, code, messages: 1 });
  }
  return [...counts.values()];
}
