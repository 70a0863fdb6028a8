"use client";

import { type Action, useAction } from "@/components/form/use-action";
import { Badge } from "@/components/ui/badge";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { Alert } from "@/lib/connections/schema";

type Acknowledge = Action<{ id: string }, Alert> | null;

/** What goes on now and nobody has acknowledged, above everything else. `acknowledge` null: the role may only look. */
export function OpenAlerts({ alerts, acknowledge }: { alerts: Alert[]; acknowledge: Acknowledge }) {
  const waiting = alerts.filter((alert) => alert.acknowledged_at === null);
  return waiting.map((alert) => (
    <Banner
      key={alert.id}
      tone="bad"
      title={alert.sentence}
      action={acknowledge && <AcknowledgeButton id={alert.id} acknowledge={acknowledge} />}
    >
      Since <Time at={alert.opened_at} />.
    </Banner>
  ));
}

function AcknowledgeButton({ id, acknowledge }: { id: string; acknowledge: NonNullable<Acknowledge> }) {
  const { run, pending } = useAction(acknowledge, { success: "Acknowledged: its banner is gone." });
  return (
    <Button size="sm" pending={pending} onClick={() => run({ id })}>
      Acknowledge
    </Button>
  );
}

/** The alerts of a connection, newest first: how long they went on, who knows, and who was told. */
export function AlertList({ alerts }: { alerts: Alert[] }) {
  return (
    <Card title="Alerts" description="When it fails, bounces pass 5 %, or complaints 0.1 % of a day’s emails.">
      {alerts.length === 0 ? (
        <p className="text-muted text-sm">There were none.</p>
      ) : (
        <ul className="divide-y divide-line text-sm">
          {alerts.map((alert) => (
            <li key={alert.id} className="space-y-1 py-2.5 first:pt-0 last:pb-0">
              <p className="flex flex-wrap items-center gap-2">
                <Badge tone={alert.closed_at === null ? "bad" : "neutral"} dot>
                  {alert.closed_at === null ? "Goes on" : "Over"}
                </Badge>
                <span className="text-muted">
                  <Time at={alert.opened_at} />
                </span>
              </p>
              <p className="break-words">{alert.sentence}</p>
              {alert.acknowledged_by && <p className="text-muted">Acknowledged by {alert.acknowledged_by}.</p>}
              {alert.deliveries.map((line) => (
                <p key={`${line.channel} ${line.to}`} className="break-words text-muted">
                  {told(line)}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const outcomes: Record<Alert["deliveries"][number]["outcome"], string> = {
  delivered: "was told",
  failed: "could not be told",
  unknown: "may have been told",
};

const told = ({ channel, to, outcome, detail }: Alert["deliveries"][number]): string =>
  `${channel === "email" ? to : `The webhook ${to}`} ${outcomes[outcome]}.${detail ? ` ${detail}` : ""}`;
