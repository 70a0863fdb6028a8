import { Circle, CircleCheck } from "lucide-react";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { WebhooksSeen } from "@/lib/connections/schema";

const expected: { type: string; label: string }[] = [
  { type: "Delivery", label: "Delivery" },
  { type: "Open", label: "Open" },
  { type: "Click", label: "Link click" },
  { type: "Bounce", label: "Bounce" },
  { type: "SpamComplaint", label: "Spam complaint" },
  { type: "SubscriptionChange", label: "Subscription change" },
];

/** Which kinds of report have come, and when the newest did. Reads itself again every few seconds. */
export function EventsReceived({ seen }: { seen: WebhooksSeen["data"] }) {
  const others = seen.filter(({ record_type: type }) => !expected.some((row) => row.type === type));
  const rows = [...expected, ...others.map(({ record_type: type }) => ({ type, label: type }))];
  return (
    <Card
      title="Events received"
      description="Live: kinds of report that Postmark has sent here, and the newest of each."
    >
      <LiveRefresh everyMs={4000} />
      <ul className="-my-1 text-sm">
        {rows.map(({ type, label }) => {
          const at = seen.find((row) => row.record_type === type)?.last_received_at;
          return (
            <li key={type} className="flex items-center gap-2.5 py-1">
              {at ? (
                <CircleCheck aria-hidden className="size-4 shrink-0 text-good" />
              ) : (
                <Circle aria-hidden className="size-4 shrink-0 text-line-strong" />
              )}
              <span className={at ? "min-w-0 flex-1 truncate" : "min-w-0 flex-1 truncate text-muted"}>{label}</span>
              <span className="text-muted">{at ? <Time at={at} /> : "Not yet"}</span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
