"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import { Input } from "@/components/ui/input";
import { signInInput } from "@/lib/workspaces/schema";
import { enter, goTo } from "./enter";
import { PasswordField } from "./password-field";

/** `next` is a path of ours, checked by the page. */
export function SignInForm({ next }: { next: string }) {
  return (
    <Form action={enter} schema={signInInput} refresh={false} onSuccess={() => goTo(next)}>
      <Field name="email" label="Email">
        <Input type="email" required autoFocus autoComplete="username" inputMode="email" />
      </Field>
      <PasswordField name="password" label="Password" kind="current" />
      <SubmitButton size="lg" className="w-full">
        Sign in
      </SubmitButton>
    </Form>
  );
}
