import { type HeldBy, isHeldBy, type Resolution, type ResolveSendInput, type SendStatus } from "./schema";

/** What a person saw when they decided, as far as they say. */
export type Seen = Pick<ResolveSendInput, "was" | "attempts">;

/** A send about which nothing is left to decide, or not this. `hold`: what holds a queued one. `decided*`: the newest answer of a person. */
export type RefusedSend = {
  kind: string;
  status: SendStatus;
  reason: string | null;
  detail: string | null;
  hold: string | null;
  decidedReason: string | null;
  decidedBy: string | null;
  decidedAt: Date | null;
};

/** Why a person's answer does not count for this send, and what to do instead. */
export function refusalOf(send: RefusedSend, as: Resolution, seen: Seen): string {
  const late = send.status === "queued" && send.reason === "late";
  if (send.kind === "test" && send.status === "unknown" && as === "again")
    return "A test email is not sent again. Send another one from its connection, and mark this one as sent or skip it.";
  if (send.status === "unknown") return becameUnknown(seen);
  if (late && seen.was === "unknown")
    return "It was unknown when you looked; meanwhile it is known that it never left, and it is late. Look again.";
  if (late && as === "sent") return "It never left: it is held because it is late. Send it again or skip it.";
  if (late) return "It was tried since you looked, did not leave, and is late. Look again.";
  return `${decided(send)}${stands(send)}`.trim();
}

/** It is open to a decision, but to another one than the person made. */
const becameUnknown = ({ was }: Seen): string =>
  was === "late"
    ? "It was late when you looked; meanwhile it left and nobody knows what became of it. Look again."
    : "It was tried again since you looked, and once more nobody knows what became of it. Look again.";

const answers: Record<string, string> = {
  marked_sent: "marked it as sent",
  sent_again_by_person: "decided to send it again",
  skipped_by_person: "skipped it",
};

/** First wins: who decided, when and what. Of a test there is only the note on the send itself. */
function decided({ decidedReason, decidedBy, decidedAt, reason, detail }: RefusedSend): string {
  const what = answers[decidedReason ?? ""];
  if (what !== undefined && decidedAt !== null)
    return `${decidedBy ?? "Somebody"} ${what} on ${decidedAt.toISOString().slice(0, 16).replace("T", " ")} UTC. `;
  return Object.hasOwn(answers, reason ?? "") && detail !== null ? `${detail} ` : "";
}

const holds: Record<HeldBy, string> = {
  sending_stopped: "It is held because all sending is stopped, and leaves once that is resumed.",
  connection_failing: "It is held because its connection is failing, and leaves once that works again.",
  connection_disabled: "It is held because its connection is disabled, and leaves once that is enabled.",
  stream_refused: "It is held because the provider refuses its message stream, and leaves once that is mended.",
  account_refused: "It is held because the provider takes nothing from this account, and leaves once that is mended.",
  paused: "It is held because its automation is paused, and leaves once that is resumed.",
};

function stands({ status, hold }: RefusedSend): string {
  switch (status) {
    case "queued":
      return hold !== null && isHeldBy(hold) ? holds[hold] : "It is queued and leaves by itself.";
    case "sending":
      return "It is being handed to the provider at this moment: look again in a minute.";
    case "failed":
      return "It failed, so nothing is left to decide.";
    case "skipped":
      return "It is skipped, so nothing is left to decide.";
    default:
      return `It is ${status}, so nothing is left to decide.`;
  }
}
