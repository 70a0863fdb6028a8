import { Badge } from "@/components/ui/badge";
import type { Tone } from "@/components/ui/tone";
import type { ConnectionStatus } from "@/lib/connections/schema";

const words: Record<ConnectionStatus, { label: string; tone: Tone; means: string }> = {
  ready: { label: "Ready", tone: "good", means: "The last validation passed. It sends." },
  unvalidated: {
    label: "Unvalidated",
    tone: "warn",
    means: "Saved without a validation that passed. It sends when asked to.",
  },
  failing: { label: "Failing", tone: "bad", means: "The provider refuses it. Its sends are held until it is mended." },
  disabled: { label: "Disabled", tone: "neutral", means: "Switched off by someone. Its sends are held." },
};

export function ConnectionStatusBadge({ status }: { status: ConnectionStatus }) {
  const { label, tone, means } = words[status];
  return (
    <Badge tone={tone} dot title={means}>
      {label}
    </Badge>
  );
}
