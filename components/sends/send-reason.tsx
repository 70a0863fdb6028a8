import Link from "next/link";
import type { ReactNode } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Time } from "@/components/ui/time";
import { type SendWithEvents, sendStatusMeaning } from "@/lib/sends/schema";
import { eventWords, reasonWords } from "./event-words";
import { waitingWords } from "./waiting-words";

type Props = {
  send: SendWithEvents;
  /** Where the workspace is. */
  path: string;
  /** What may be decided about it here. */
  decide?: ReactNode;
};

/**
 * How a send stands, and why, in words; where something said why (the provider, the recipient's server), in its words too. While it
 * waits: since when, what happens by itself, and what can be done.
 */
export function SendReason({ send, path, decide }: Props) {
  const { status, reason } = send;
  if (status === "delivered" || status === "sent" || status === "sending") return null;
  if (status === "queued" && reason === null) return null;
  const waiting = waitingWords(send, path);
  if (waiting !== null)
    return (
      <Banner
        tone={tones[status]}
        title={waiting.why}
        className="mb-4"
        action={
          decide ||
          (waiting.mend && (
            <Button asChild size="sm">
              <Link href={waiting.mend.href}>{waiting.mend.label}</Link>
            </Button>
          ))
        }
      >
        {waiting.next} <Moment said="Next look:" at={waiting.at} />{" "}
        <Moment said={status === "unknown" ? "Unknown since" : "It was to leave"} at={send.waiting_since} />
      </Banner>
    );
  const said = reason === null ? sendStatusMeaning(status) : reasonWords(reason, status);
  return (
    <Banner tone={tones[status]} title={said} className="mb-4">
      {quotedOf(send)}
    </Banner>
  );
}

const Moment = ({ said, at }: { said: string; at: string | null }) =>
  at && (
    <>
      {said} <Time at={at} />.
    </>
  );

const tones = {
  queued: "warn",
  unknown: "warn",
  skipped: "info",
  failed: "bad",
  bounced: "bad",
  complained: "bad",
} as const;

/** What the newest event of the same name as the status quotes or says. */
function quotedOf({ status, events }: SendWithEvents): string | null {
  const event = events.findLast(({ type }) => type === status);
  if (!event) return null;
  const { said, quoted } = eventWords(event);
  return quoted ?? (status === "bounced" ? said : null);
}
