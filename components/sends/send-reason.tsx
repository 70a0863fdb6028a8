import { Banner } from "@/components/ui/banner";
import { type SendWithEvents, sendStatusMeaning } from "@/lib/sends/schema";
import { eventWords, reasonWords } from "./event-words";

/** How a send stands, and why, in words; where something said why (the provider, the recipient's server), in its words too. */
export function SendReason({ send }: { send: SendWithEvents }) {
  const { status, reason } = send;
  if (status === "delivered" || status === "sent" || status === "sending") return null;
  const said = reason === null ? sendStatusMeaning(status) : reasonWords(reason);
  if (status === "queued" && reason === null) return null;
  return (
    <Banner tone={tones[status]} title={said} className="mb-4">
      {quotedOf(send)}
    </Banner>
  );
}

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
