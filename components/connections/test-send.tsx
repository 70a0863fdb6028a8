"use client";

import { Send } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import { type FormAction, submit } from "@/components/form/use-action";
import { Banner } from "@/components/ui/banner";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import type { TestSend as Sent } from "@/lib/dispatch/schema";
import type { ActionResult } from "@/lib/errors";

type Props = {
  id: string;
  to: string;
  sendsPath: string;
  /** Who takes the mail, at the beginning of a sentence. */
  provider: string;
  /** Whether what was lost can be looked up. */
  canAsk: boolean;
  test: FormAction<Sent>;
};

/** Sends one message now and says what became of it. */
export function TestSend({ id, to, sendsPath, provider, canAsk, test }: Props) {
  const [result, setResult] = useState<ActionResult<Sent> | null>(null);
  const send = async (input: unknown) => {
    const next = await submit(test, input);
    setResult(next);
    // What the provider said is shown below, with what to do; only refused fields are the form's.
    return next.ok ? next : { ...next, error: { ...next.error, fields: next.error.fields ?? {} } };
  };
  return (
    <Card title="Send a test email" description="One message, at once, on this connection’s sender and stream.">
      <Form action={send} read={(fields) => ({ ...fields, id })} className="space-y-3">
        <div className="flex flex-wrap items-end gap-2">
          <Field name="to" label="To" className="min-w-52 flex-1">
            <Input type="email" defaultValue={to} autoComplete="email" />
          </Field>
          <SubmitButton variant="secondary">
            <Send aria-hidden /> Send test
          </SubmitButton>
        </div>
        {result && <Outcome result={result} sendsPath={sendsPath} provider={provider} canAsk={canAsk} />}
      </Form>
    </Card>
  );
}

function Outcome({
  result,
  sendsPath,
  provider,
  canAsk,
}: Pick<Props, "sendsPath" | "provider" | "canAsk"> & { result: ActionResult<Sent> }) {
  if (!result.ok) {
    const { fields, provider, detail } = result.error;
    if (fields) return null;
    return (
      <Banner tone="bad" live title={provider?.message ?? detail}>
        {provider?.hint}
      </Banner>
    );
  }
  const link = (
    <Link href={`${sendsPath}/${result.value.send_id}`} className="text-accent underline underline-offset-2">
      Open it in the send log
    </Link>
  );
  if ("status" in result.value)
    return (
      <Banner tone="warn" live title={`${provider} gave no answer in time.`}>
        The message may have left.{" "}
        {canAsk
          ? "It is looked up and the send log will say what became of it."
          : "SMTP cannot be asked, so look whether it arrived."}{" "}
        {link}.
      </Banner>
    );
  return (
    <Banner tone="good" live title={`${provider} accepted it.`}>
      Message <code className="break-all font-mono">{result.value.provider_message_id}</code>. {link}.
    </Banner>
  );
}
