"use client";

import { CheckField, Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Banner } from "@/components/ui/banner";
import { Card } from "@/components/ui/card";
import { CopyField } from "@/components/ui/copy-field";
import { Input } from "@/components/ui/input";
import type { AlertSettings as Settings } from "@/lib/connections/schema";

type Props = { settings: Settings; change: FormAction<Settings>; editable: boolean };

/** Who is told when a connection goes wrong, beside everybody who looks here. */
export function AlertSettings({ settings, change, editable }: Props) {
  return (
    <Card
      title="Alerts"
      description="When a connection fails, bounces pass 5 %, or complaints 0.1 % of a day’s emails, a banner shows. Tell others too:"
    >
      <Form key={settings.alert_webhook_url} action={change} success="Saved." guard className="max-w-md">
        <fieldset disabled={!editable} className="space-y-4">
          {settings.alert_webhook_problem && (
            <Banner tone="bad" title="The webhook is not called.">
              {settings.alert_webhook_problem}
            </Banner>
          )}
          <Field
            name="alert_webhook_url"
            label="Webhook URL"
            optional
            hint="Gets a signed POST for each alert. Private addresses are never called."
          >
            <Input
              type="url"
              defaultValue={settings.alert_webhook_url ?? ""}
              placeholder="https://example.com/alerts"
              autoComplete="off"
            />
          </Field>
          <CheckField
            name="alert_email_admins"
            label="Email owners and admins"
            hint="Through the default connection, and never through the one that fails."
            defaultChecked={settings.alert_email_admins}
          />
          {settings.alert_webhook_secret && (
            <CopyField
              label="Signing secret"
              value={settings.alert_webhook_secret}
              hint="X-Gflux-Signature is t=<seconds>,v1=<HMAC-SHA-256 of “t.body” in hex>."
              secret
            />
          )}
        </fieldset>
        {editable && <SubmitButton>Save alerts</SubmitButton>}
      </Form>
    </Card>
  );
}
