import { Badge } from "@/components/ui/badge";
import type { Tone } from "@/components/ui/tone";
import { reasonSentence } from "@/lib/dispatch/schema";
import { type Send, type SendStatus, sendStatusMeaning } from "@/lib/sends/schema";

export const statusWords: Record<SendStatus, { label: string; tone: Tone }> = {
  queued: { label: "Queued", tone: "neutral" },
  sending: { label: "Sending", tone: "info" },
  unknown: { label: "Unknown", tone: "warn" },
  skipped: { label: "Skipped", tone: "neutral" },
  sent: { label: "Sent", tone: "info" },
  failed: { label: "Failed", tone: "bad" },
  delivered: { label: "Delivered", tone: "good" },
  bounced: { label: "Bounced", tone: "bad" },
  complained: { label: "Complained", tone: "bad" },
};

/** A send's status in a word, and what it means as its title. A queued one that waits for more than its turn says so. */
export function SendStatusBadge({ status, reason }: Pick<Send, "status"> & { reason?: string | null }) {
  const { label, tone } = statusWords[status];
  const held = status === "queued" && reason != null;
  const why = reason == null ? null : reasonSentence(reason, status);
  return (
    <Badge tone={held ? "warn" : tone} dot title={why ?? sendStatusMeaning(status)}>
      {held ? "Held" : label}
    </Badge>
  );
}
