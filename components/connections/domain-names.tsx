"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Input } from "@/components/ui/input";
import type { Connection } from "@/lib/connections/schema";
import { isPostmark } from "./provider-words";

type Props = { connection: Connection; change: FormAction<Connection> };

/** What DNS cannot be asked without: the DKIM selector, and a Return-Path that stands elsewhere than usual. */
export function DomainNames({ connection, change }: Props) {
  const byPostmark = isPostmark(connection);
  return (
    <Form
      action={change}
      read={(fields) => ({ ...fields, id: connection.id })}
      success="Saved. DNS was asked again."
      className="space-y-3"
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field
          name="dkim_selector"
          label="DKIM selector"
          optional
          hint={`From ${byPostmark ? "Postmark → Sender Signatures" : "your mail provider"}, before ._domainkey.`}
        >
          <Input
            defaultValue={connection.dkim_selector ?? ""}
            placeholder="20231123163444pm"
            autoCapitalize="none"
            spellCheck={false}
            className="font-mono"
          />
        </Field>
        {byPostmark && (
          <Field
            name="return_path_domain"
            label="Return-Path domain"
            optional
            hint="Empty: pm-bounces of the sending domain."
          >
            <Input
              defaultValue={connection.return_path_domain ?? ""}
              placeholder="pm-bounces.example.com"
              autoCapitalize="none"
              spellCheck={false}
              className="font-mono"
            />
          </Field>
        )}
      </div>
      <SubmitButton variant="secondary">Save and look again</SubmitButton>
    </Form>
  );
}
