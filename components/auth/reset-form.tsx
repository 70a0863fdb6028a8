"use client";

import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { resetPasswordInput } from "@/lib/workspaces/schema";
import { enter, goTo } from "./enter";
import { PasswordField } from "./password-field";

type Input = { token: string; new_password: string };

/** Sets the password that a link is for, and signs in with it. `email` is for password managers. */
export function ResetForm({
  token,
  email,
  reset,
}: {
  token: string;
  email: string;
  reset: Action<Input, { email: string }>;
}) {
  const resetAndEnter: Action<Input, null> = async (input) => {
    const done = await reset(input);
    return done.ok ? enter({ email: done.value.email, password: input.new_password }) : done;
  };
  return (
    <Form
      action={resetAndEnter}
      schema={resetPasswordInput}
      refresh={false}
      read={({ new_password }) => ({ token, new_password })}
      onSuccess={() => goTo("/")}
    >
      <input type="email" autoComplete="username" defaultValue={email} readOnly hidden />
      <PasswordField name="new_password" label="New password" kind="new" autoFocus />
      <SubmitButton size="lg" className="w-full">
        Set password and sign in
      </SubmitButton>
    </Form>
  );
}
