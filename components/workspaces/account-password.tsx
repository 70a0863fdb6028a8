"use client";

import { useState } from "react";
import { enter } from "@/components/auth/enter";
import { PasswordField } from "@/components/auth/password-field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { Card } from "@/components/ui/card";
import { type ChangePasswordInput, changePasswordInput } from "@/lib/workspaces/schema";

type Props = { email: string; change: Action<ChangePasswordInput, void> };

/** A new password. It ends every session, so this browser signs in again with it at once. */
export function AccountPassword({ email, change }: Props) {
  const [round, setRound] = useState(0);
  const changeAndEnter: Action<ChangePasswordInput, null> = async (input) => {
    const changed = await change(input);
    return changed.ok ? enter({ email, password: input.new_password }) : changed;
  };
  return (
    <Card title="Password" description="Changing it signs you out everywhere else.">
      <Form
        key={round}
        action={changeAndEnter}
        schema={changePasswordInput}
        success="Password changed."
        onSuccess={() => setRound(round + 1)}
        className="max-w-md"
      >
        <input type="email" autoComplete="username" defaultValue={email} readOnly hidden />
        <PasswordField name="current_password" label="Current password" kind="current" />
        <PasswordField name="new_password" label="New password" kind="new" />
        <SubmitButton>Change password</SubmitButton>
      </Form>
    </Card>
  );
}
