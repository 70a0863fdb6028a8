"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { Card } from "@/components/ui/card";
import { CopyField } from "@/components/ui/copy-field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { type ChangeWorkspaceInput, changeWorkspaceInput, type Workspace } from "@/lib/workspaces/schema";
import { Reserved } from "./reserved";

type Props = {
  workspace: Workspace;
  /** IANA names, as the server knows them. */
  timezones: string[];
  editable: boolean;
  change: Action<ChangeWorkspaceInput, Workspace>;
};

/** Name and time zone of a workspace, and the ids that programs need. */
export function WorkspaceSettings({ workspace, timezones, editable, change }: Props) {
  const zones = workspace.timezone === null ? timezones : [...new Set([...timezones, workspace.timezone])].sort();
  return (
    <>
      <Card title="Workspace">
        <Form
          key={`${workspace.name} ${workspace.timezone}`}
          action={change}
          schema={changeWorkspaceInput}
          read={({ name, timezone }) => ({ name, timezone: timezone || null })}
          success="Saved."
          guard
          className="max-w-md"
        >
          <fieldset disabled={!editable} className="space-y-4">
            <Field name="name" label="Name">
              <Input required defaultValue={workspace.name} maxLength={80} autoComplete="off" />
            </Field>
            <Field
              name="timezone"
              label="Time zone"
              hint="For steps that wait for a time of day, when a person’s own time zone is not known."
            >
              <Select
                defaultValue={workspace.timezone ?? ""}
                options={[
                  { value: "", label: "UTC" },
                  ...zones.filter((zone) => zone !== "UTC").map((zone) => ({ value: zone, label: zone })),
                ]}
              />
            </Field>
          </fieldset>
          {editable ? (
            <SubmitButton>Save changes</SubmitButton>
          ) : (
            <Reserved>Your role cannot change the workspace.</Reserved>
          )}
        </Form>
      </Card>
      <Card title="For programs" description="The API calls a workspace a project.">
        <div className="max-w-md">
          <CopyField label="Project id" value={workspace.id} />
        </div>
      </Card>
    </>
  );
}
