"use client";

import { useState } from "react";
import { CheckField, Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { type Connection, callsAtOnceLimit, sendsPerSecondLimit } from "@/lib/connections/schema";

type Props = { connection: Connection; change: FormAction<Connection>; editable: boolean };

/** How much leaves through a connection at most, and its warm-up. An empty field is no limit. */
export function SendingLimits({ connection, change, editable }: Props) {
  const { warm_up: plan } = connection;
  const [warming, setWarming] = useState(plan !== null);
  return (
    <Card title="Sending limits" description="Hold for all automations and servers together. Empty: no limit.">
      <Form
        action={change}
        guard
        success="Saved."
        read={({ sends_per_second_max, calls_at_once_max, warm_up, warming: warmed }) => ({
          id: connection.id,
          sends_per_second_max,
          calls_at_once_max,
          warm_up: warmed === true ? warm_up : null,
        })}
      >
        <fieldset disabled={!editable} className="space-y-4">
          <div className="grid gap-4 sm:grid-cols-2">
            <Field name="sends_per_second_max" label="Sends per second" optional>
              <Input
                type="number"
                min={1}
                max={sendsPerSecondLimit}
                defaultValue={connection.sends_per_second_max ?? ""}
              />
            </Field>
            <Field name="calls_at_once_max" label="Calls at once" optional hint="Each call carries many sends.">
              <Input type="number" min={1} max={callsAtOnceLimit} defaultValue={connection.calls_at_once_max ?? ""} />
            </Field>
          </div>
          <div onChange={(event) => warms(event.target, setWarming)}>
            <CheckField
              name="warming"
              label="Warm up"
              hint="A new server or domain earns trust by sending little at first. What is beyond the day's ceiling waits until the next day (UTC); what waits longer than 24 hours is held for a person to decide."
              defaultChecked={plan !== null}
            />
          </div>
          {warming && <WarmUpFields plan={plan} />}
          {plan && <WarmUpToday plan={plan} />}
        </fieldset>
        {editable && <SubmitButton>Save limits</SubmitButton>}
      </Form>
    </Card>
  );
}

function warms(target: EventTarget, set: (warming: boolean) => void): void {
  if (target instanceof HTMLInputElement && target.name === "warming") set(target.checked);
}

const WarmUpFields = ({ plan }: { plan: Connection["warm_up"] }) => (
  <div className="grid gap-4 sm:grid-cols-3">
    <Field name="warm_up.start_per_day" label="First day">
      <Input type="number" min={1} required defaultValue={plan?.start_per_day ?? 200} />
    </Field>
    <Field name="warm_up.growth" label="Times, each day">
      <Input type="number" min={1.01} max={3} step="any" required defaultValue={plan?.growth ?? 1.5} />
    </Field>
    <Field name="warm_up.until" label="Over at, a day">
      <Input type="number" min={2} required defaultValue={plan?.until ?? 20_000} />
    </Field>
  </div>
);

function WarmUpToday({ plan }: { plan: NonNullable<Connection["warm_up"]> }) {
  const { ceiling_today: ceiling, used_today: used } = plan;
  if (ceiling === null)
    return <p className="text-muted text-sm">The warm-up has reached its end: there is no ceiling any more.</p>;
  return (
    <div className="space-y-1 text-sm">
      <p className="flex justify-between gap-2">
        <span className="text-muted">Today’s ceiling (UTC)</span>
        <span className="tabular-nums">
          {used.toLocaleString("en")} of {ceiling.toLocaleString("en")} used
        </span>
      </p>
      <progress
        aria-label="Used of today’s ceiling"
        value={Math.min(used, ceiling)}
        max={ceiling}
        className="h-1.5 w-full accent-accent"
      />
    </div>
  );
}
