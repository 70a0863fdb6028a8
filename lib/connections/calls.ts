import type { CallOutcome, FindOutcome, SendOutcome } from "./connector";

/** What a call to a provider came to, for the figures. Bounded words, so that they may be labels. */
type CallWord = (CallOutcome | FindOutcome)["kind"];
/** What is asked of providers: taking mail, looking up what became of it, a suppression list, what happened to messages. */
export type CallKind = "send" | "find" | "list" | "history";

/** Messages of an answered call that came to the same. */
type AnswerCount = { outcome: SendOutcome["kind"]; code: number | null; messages: number };

/** One call to a provider. `code`: the provider's own; `messages`: how many it carried; `ms`: from asking until the end. */
export type ProviderCall = {
  connectionId: string;
  call: "send" | "find";
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

/** A call that carries no message, as its figures count it. `code`: the provider's own. */
export type BareCall = { outcome: "answered" | "cannot_know"; code: number | null; ms: number };

/** Calls that came to the same. */
export type CallSum = { outcome: string; code: number; calls: number; messages: number; ms: number; msMax: number };

/** Of calls that are written down together: one line for each thing that they came to. `refused`: single addresses that were not changed. */
export function sumCalls(calls: readonly BareCall[], refused: number): CallSum[] {
  const sums = new Map<string, CallSum>();
  for (const { outcome, code, ms } of calls) {
    const key = `${outcome} ${code ?? 0}`;
    const sum = sums.get(key) ?? { outcome, code: code ?? 0, calls: 0, messages: 0, ms: 0, msMax: 0 };
    sums.set(key, { ...sum, calls: sum.calls + 1, ms: sum.ms + ms, msMax: Math.max(sum.msMax, ms) });
  }
  const lines = [...sums.values()];
  return refused === 0
    ? lines
    : [...lines, { outcome: "refused", code: 0, calls: 0, messages: refused, ms: 0, msMax: 0 }];
}
