"use client";

import { goTo } from "@/components/auth/enter";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";

type Props = { token: string; workspaceName: string; accept: Action<{ token: string }, { slug: string }> };

/** Accepts an invitation as whoever is signed in. */
export function JoinWorkspace({ token, workspaceName, accept }: Props) {
  return (
    <Form
      action={accept}
      read={() => ({ token })}
      refresh={false}
      onSuccess={({ slug }: { slug: string }) => goTo(`/${slug}`)}
    >
      <SubmitButton size="lg" className="w-full" autoFocus>
        Join {workspaceName}
      </SubmitButton>
    </Form>
  );
}
