import * as z from "zod";

/**
 * Every status of a send, who sets it and what follows. `rank`: facts only ever raise it, so it does not matter in which order,
 * how often, or before which of our own steps they come.
 */
const statuses = {
  queued: { rank: 0, meaning: "We set it; it leaves when it is due, unless something holds it." },
  sending: { rank: 0, meaning: "We are handing it to the provider." },
  unknown: { rank: 0, meaning: "We asked and got no answer; the provider is being asked whether it has it." },
  skipped: { rank: 0, meaning: "We decided not to send it; the reason says why." },
  sent: { rank: 1, meaning: "The provider took it." },
  failed: { rank: 2, meaning: "The provider refused it, or took it and could not send it." },
  delivered: { rank: 3, meaning: "The recipient's server took it." },
  bounced: { rank: 4, meaning: "The recipient's server refused it, at once or later." },
  complained: { rank: 5, meaning: "The recipient reported it as spam." },
} as const;

const names = Object.keys(statuses) as (keyof typeof statuses)[]; // the keys are exactly these
export const sendStatus = z.enum(names);
export type SendStatus = z.infer<typeof sendStatus>;

export const statusRank = (status: SendStatus): number => statuses[status].rank;
export const sendStatusMeaning = (status: SendStatus): string => statuses[status].meaning;

/** Not settled: someone is still going to look at it. */
export const isInFlight = (status: SendStatus): boolean =>
  status === "queued" || status === "sending" || status === "unknown";

/** What the provider let us know. Whatever it says of a message proves that it took it: `accepted` at least. */
export type SendFact = "accepted" | "failed" | "delivered" | "bounced" | "complained";

const shows: Record<SendFact, SendStatus> = {
  accepted: "sent",
  failed: "failed",
  delivered: "delivered",
  bounced: "bounced",
  complained: "complained",
};

/** The status after a fact: it only moves up, sent < failed < delivered < bounced < complained. */
export function advance(status: SendStatus, fact: SendFact): SendStatus {
  const shown = shows[fact];
  return statusRank(shown) > statusRank(status) ? shown : status;
}
