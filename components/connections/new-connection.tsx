"use client";

import { Link2, Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { readForm } from "@/components/form/read-form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import type { Connection, ConnectionCheck } from "@/lib/connections/schema";
import { CheckResult } from "./check-result";
import { NameField, SenderFields } from "./sender-fields";
import { StreamField } from "./stream-field";
import { useTokenCheck } from "./use-token-check";

type Props = {
  /** The list of connections: a new one stands below it. */
  path: string;
  validate: FormAction<ConnectionCheck>;
  create: FormAction<Connection>;
};

/** The form of a new Postmark connection: Validate looks, Add Connection looks too and then saves. */
export function NewConnection({ path, validate, create }: Props) {
  const router = useRouter();
  const { result, checking, anyway, look, save, forget } = useTokenCheck({ validate, create });
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
        <TokenField onChange={forget} />
        <SenderFields />
        <StreamField streams={result?.ok ? result.value.streams : []} initial={null} allowTransactional={false} />
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

function TokenField({ onChange }: { onChange: () => void }) {
  return (
    <Field
      name="server_token"
      label="Server API token"
      hint="In Postmark: your server → API Tokens. A server token, not the account token. It is stored encrypted and never shown again."
    >
      <Input
        className="font-mono"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder="xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
        onChange={onChange}
      />
    </Field>
  );
}
