"use client";

import { Link2, Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { Form } from "@/components/form/form";
import { readForm } from "@/components/form/read-form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import type { Connection, ConnectionCheck } from "@/lib/connections/schema";
import { CheckResult } from "./check-result";
import { NameField } from "./sender-fields";
import { useTokenCheck } from "./use-token-check";

export type NewConnectionProps = {
  /** The list of connections: a new one stands below it. */
  path: string;
  validate: FormAction<ConnectionCheck>;
  create: FormAction<Connection>;
};
type Props = NewConnectionProps & {
  provider: "postmark" | "smtp";
  /** The fields but for the name; `forget` is for those that a validation depends on. */
  children: (look: { streams: ConnectionCheck["streams"]; forget: () => void }) => ReactNode;
};

/** The form of a new connection: Validate looks, Add Connection looks too and then saves. */
export function ConnectionForm({ path, validate, create, provider, children }: Props) {
  const router = useRouter();
  const { result, checking, anyway, look, save, forget } = useTokenCheck({ validate, create, provider });
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
        {children({ streams: result?.ok ? result.value.streams : [], forget })}
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
