"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { type ChangeNameInput, changeNameInput, type User } from "@/lib/workspaces/schema";

/** How the signed-in person is called, in every workspace. */
export function AccountName({ user, change }: { user: User; change: Action<ChangeNameInput, User> }) {
  return (
    <Card title="You" description="Shown to the other members of your workspaces.">
      <Form key={user.name} action={change} schema={changeNameInput} success="Saved." guard className="max-w-md">
        <Field name="name" label="Name" optional>
          <Input defaultValue={user.name ?? ""} autoComplete="name" maxLength={80} />
        </Field>
        <p className="text-muted text-sm">
          You sign in as <span className="font-medium text-ink">{user.email}</span>.
        </p>
        <SubmitButton>Save name</SubmitButton>
      </Form>
    </Card>
  );
}
