"use client";

import { Link2, Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { Form } from "@/components/form/form";
import { readForm } from "@/components/form/read-form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import type { Connection, ConnectionCheck } from "@/lib/connections/schema";
import { CheckResult } from "./check-result";
import { NameField, SenderFields } from "./sender-fields";
import { SmtpFields } from "./smtp-fields";
import { useTokenCheck } from "./use-token-check";

type Props = {
  /** The list of connections: a new one stands below it. */
  path: string;
  validate: FormAction<ConnectionCheck>;
  create: FormAction<Connection>;
};

/** The form of a new SMTP connection: Validate logs in, Add connection does so too and then saves. */
export function NewSmtpConnection({ path, validate, create }: Props) {
  const router = useRouter();
  const { result, checking, anyway, look, save, forget } = useTokenCheck({ validate, create, provider: "smtp" });
  const fieldErrors = result && !result.ok ? result.error.fields : undefined;
  return (
    <Card className="max-w-2xl">
      <Form
        action={save}
        guard
        className="space-y-5"
        errors={fieldErrors}
        success="Connection added."
        refresh={false}
        onSuccess={(connection) => router.push(`${path}/${connection.id}`)}
      >
        <NameField />
        <SmtpFields onChange={forget} withStream />
        <SenderFields bySmtp />
        {result && !fieldErrors && <CheckResult result={result} />}
        <div className="flex flex-wrap items-center gap-2">
          <Button onClick={({ currentTarget: { form } }) => form && look(readForm(form))} pending={checking}>
            <Link2 aria-hidden /> Validate
          </Button>
          <SubmitButton disabled={checking}>
            <Plus aria-hidden /> {anyway ? "Save anyway" : "Add Connection"}
          </SubmitButton>
          {anyway && <p className="text-muted text-sm">It is saved as “unvalidated”; you can validate it later.</p>}
        </div>
      </Form>
    </Card>
  );
}
