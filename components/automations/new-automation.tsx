"use client";

import { useRouter } from "next/navigation";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { type Automation, createAutomationInput } from "@/lib/automations/schema";

type Props = { path: string; create: FormAction<Automation> };

/** Name and event of a new automation; the rest is built once it exists. */
export function NewAutomation({ path, create }: Props) {
  const router = useRouter();
  return (
    <Card className="max-w-xl">
      <Form
        action={create}
        schema={createAutomationInput}
        refresh={false}
        read={(fields) => ({ ...fields, steps: [] })}
        onSuccess={(automation) => router.push(`${path}/${automation.id}`)}
      >
        <Field name="name" label="Name" hint="How your team will know it.">
          <Input placeholder="Welcome" autoComplete="off" maxLength={120} />
        </Field>
        <input type="hidden" name="trigger.type" value="event" />
        <Field
          name="trigger.event"
          label="Event"
          hint="The event that starts it, as your product sends it. Conditions can be added in the builder."
        >
          <Input
            className="font-mono"
            placeholder="signed_up"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
        </Field>
        <SubmitButton>Create draft</SubmitButton>
      </Form>
    </Card>
  );
}
