"use client";

import { goTo } from "@/components/auth/enter";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { Input } from "@/components/ui/input";
import { type OpenWorkspaceInput, openWorkspaceInput } from "@/lib/workspaces/schema";

type Props = { open: Action<OpenWorkspaceInput, { slug: string }> };

/** Names a workspace and lands in it. */
export function OpenWorkspaceForm({ open }: Props) {
  return (
    <Form
      action={open}
      schema={openWorkspaceInput}
      refresh={false}
      onSuccess={({ slug }: { slug: string }) => goTo(`/${slug}`)}
    >
      <Field name="name" label="Workspace name" hint="Usually your company or product. You can change it later.">
        <Input required autoFocus autoComplete="organization" maxLength={80} />
      </Field>
      <SubmitButton size="lg" className="w-full">
        Make workspace
      </SubmitButton>
    </Form>
  );
}
