import { type Reason, reasonSentence, reasons } from "./reasons";
import type { WhyAnswer } from "./why-schema";

/** A moment inside a sentence, in UTC. Screens find it by its form and show it in the reader's own zone. */
export const momentWords = (at: Date): string => `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;

export type Stand = {
  code: Reason;
  kind?: string;
  since: Date | null;
  until: Date | null;
  further?: readonly string[];
};

/** What "since" and "until" mean for a code, where it is not what the words say. What is over has its moment as "since". */
const sinceWords: Partial<Record<Reason, string>> = {
  late: "It was to leave at",
  no_answer: "Unknown since",
  cannot_know: "Unknown since",
  connection_failing: "It fails since",
  in_queue: "Queued at",
  awaiting_email: "Queued at",
  provider_busy: "Queued at",
  stream_refused: "Queued at",
  account_refused: "Queued at",
  proven_absent: "Queued at",
  delivered: "That was at",
  bounced: "That was at",
  complained: "That was at",
  nothing_sent: "It ended at",
};
const untilWords: Partial<Record<Reason, string>> = {
  no_answer: "Looked up again at",
  cannot_know: "Looked up again at",
  provider_busy: "Tried again at",
  in_queue: "It leaves at the earliest at",
  its_turn: "Looked at again at",
};

/** How things stand, as the API says it. `kind`: of the decision, where it is not that of the code. */
export function answerOf({ code, kind, since, until, further = [] }: Stand): WhyAnswer {
  const goesOn = ["held", "waited", "stands"].includes(kind ?? reasons[code].kind);
  const began = sinceWords[code] ?? (goesOn ? "Since" : "At");
  const parts = [
    reasonSentence(code, kind) ?? "",
    since && `${began} ${momentWords(since)}.`,
    until && `${untilWords[code] ?? "Until"} ${momentWords(until)}.`,
    ...further,
  ];
  return {
    code,
    sentence: parts.filter(Boolean).join(" "),
    since: since?.toISOString() ?? null,
    until: until?.toISOString() ?? null,
  };
}
