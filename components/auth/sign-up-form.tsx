"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { Input } from "@/components/ui/input";
import { signUpInput } from "@/lib/workspaces/schema";
import { enter, goTo } from "./enter";
import { PasswordField } from "./password-field";

type SignUp = { email: string; password: string; name?: string | null; invitation_token?: string };
type Props = {
  signUp: Action<SignUp, { slug: string | null }>;
  /** Whoever holds an invitation joins its workspace at once; when it is for one address, that is the address. */
  invitation?: { token: string; email: string | null };
};

/** Makes an account, signs in, and goes on to the workspace or to naming one. */
export function SignUpForm({ signUp, invitation }: Props) {
  const signUpAndEnter: Action<SignUp, string> = async (input) => {
    const made = await signUp(input);
    if (!made.ok) return made;
    const entered = await enter(input);
    if (!entered.ok) return entered;
    return { ok: true, value: made.value.slug === null ? "/welcome" : `/${made.value.slug}` };
  };
  return (
    <Form
      action={signUpAndEnter}
      schema={signUpInput}
      refresh={false}
      read={(fields) => (invitation ? { ...fields, invitation_token: invitation.token } : fields)}
      onSuccess={goTo}
    >
      <Field name="name" label="Your name" optional>
        <Input autoFocus autoComplete="name" maxLength={80} />
      </Field>
      <Field name="email" label="Email">
        <Input
          type="email"
          required
          autoComplete="username"
          inputMode="email"
          defaultValue={invitation?.email ?? undefined}
          readOnly={invitation?.email != null}
        />
      </Field>
      <PasswordField name="password" label="Password" kind="new" />
      <SubmitButton size="lg" className="w-full">
        {invitation ? "Make account and join" : "Make account"}
      </SubmitButton>
    </Form>
  );
}
