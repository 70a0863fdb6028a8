import { Badge } from "@/components/ui/badge";
import type { Tone } from "@/components/ui/tone";
import type { AutomationStatus } from "@/lib/automations/schema";
import { statusWords } from "./step-summary";

const tones: Record<AutomationStatus, Tone> = { draft: "neutral", live: "good", paused: "warn", archived: "neutral" };

export function AutomationStatusBadge({ status }: { status: AutomationStatus }) {
  const { label, means } = statusWords[status];
  return (
    <Badge tone={tones[status]} dot title={means}>
      {label}
    </Badge>
  );
}
