import { type Resolution, type SeenAs, type Send, waitingCountMax } from "@/lib/sends/schema";

type Decided = Pick<Send, "status">;

/** As what a person sees an email that they may decide about: it goes with their answer, which counts for nothing else. */
export const seenAs = ({ status }: Decided): SeenAs => (status === "unknown" ? "unknown" : "late");

/** What the buttons say: a late email was never sent, so it is not sent again. */
export function decisionLabel(as: Resolution, sends: readonly Decided[]): string {
  if (as === "sent") return "Mark as sent";
  if (as === "skip") return "Skip";
  return sends.some(({ status }) => status === "unknown") ? "Send again" : "Send now";
}

/** A count that may have stopped at its bound. */
export const countWords = (count: number): string =>
  count >= waitingCountMax ? `${waitingCountMax.toLocaleString("en")}+` : count.toLocaleString("en");

/** What is asked before a decision about emails that wait: in what it says, and in what it means for the people they are for. */
export function decisionWords(as: Resolution, sends: readonly Decided[], count = sends.length) {
  const many = count !== 1;
  const emails = many ? `${countWords(count)} emails` : "this email";
  const unknown = sends.some(({ status }) => status === "unknown");
  const late = sends.some(({ status }) => status === "queued");
  switch (as) {
    case "sent":
      return {
        title: `Mark ${emails} as sent?`,
        meaning: [
          `${many ? "They count" : "It counts"} as sent from now on and ${many ? "are" : "is"} not sent again, whether the provider took ${many ? "them" : "it"} or not.`,
          "Should the provider report a delivery or a bounce later, that still counts.",
        ],
        confirm: decisionLabel(as, sends),
        tone: "primary" as const,
      };
    case "again":
      return {
        title: unknown ? `Send ${emails} again?` : `Send ${emails} now?`,
        meaning: [
          ...(unknown
            ? [
                `If the provider did take ${many ? "one of them" : "it"} before, the person gets it twice. That cannot be called back.`,
              ]
            : []),
          ...(late
            ? [`${many ? "They leave" : "It leaves"} now, late, and with what is known of the person today.`]
            : []),
        ],
        confirm: decisionLabel(as, sends),
        tone: unknown ? ("danger" as const) : ("primary" as const),
      };
    case "skip":
      return {
        title: `Skip ${emails}?`,
        meaning: [
          `${many ? "They never leave" : "It never leaves"}, and the automation goes on without ${many ? "them" : "it"}.`,
          ...(unknown
            ? [
                `If the provider did take ${many ? "one of them" : "it"} before, it arrives all the same and then counts as sent.`,
              ]
            : []),
        ],
        confirm: decisionLabel(as, sends),
        tone: "danger" as const,
      };
  }
}
