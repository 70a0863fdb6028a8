"use client";

import { Field } from "@/components/form/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { TextLink } from "@/components/ui/text-link";
import type { Connection } from "@/lib/connections/schema";
import { useBuilder } from "./builder-context";
import { Disclosure } from "./disclosure";
import type { DraftStep } from "./draft";
import { EmailBody } from "./email-body";
import { Fields } from "./fields";
import { StepStream } from "./step-stream";
import { useProblemsBelow } from "./use-problems-below";

type Draft = Extract<DraftStep, { type: "send_email" }>;
type Props = { path: string; step: Draft; set: (step: Draft) => void };

/** One email: through which connection, what it says, and who it comes from. */
export function SendEmailEditor({ path, step, set }: Props) {
  const { connections } = useBuilder();
  const connection = connections.find(({ id }) => id === step.email_provider_id);
  return (
    <div className="space-y-4">
      <Fields>
        <ConnectionField path={path} step={step} set={set} />
        <Field
          name={`${path}.subject`}
          label="Subject"
          hint={
            <>
              Liquid: <code className="font-mono text-xs">{"{{ profile.first_name | default: 'there' }}"}</code>
            </>
          }
        >
          <Input value={step.subject} onChange={({ target }) => set({ ...step, subject: target.value })} />
        </Field>
      </Fields>
      <EmailBody path={path} step={step} set={set} />
      <SenderFields path={path} step={step} set={set} connection={connection} />
    </div>
  );
}

function ConnectionField({ path, step, set }: Props) {
  const { connections, connectionsPath } = useBuilder();
  const chosen = step.email_provider_id;
  const known = chosen === null || connections.some(({ id }) => id === chosen);
  return (
    <Field
      name={`${path}.email_provider_id`}
      label="Connection"
      hint={
        connections.length === 0 && (
          <>
            There is none yet. <TextLink href={connectionsPath}>Add a connection</TextLink> to publish; a draft can be
            saved without.
          </>
        )
      }
    >
      <Select
        value={chosen ?? ""}
        onChange={({ target }) => set({ ...step, email_provider_id: target.value || null, message_stream: null })}
        options={[
          { value: "", label: "Choose a connection" },
          ...connections.map((one) => ({ value: one.id, label: nameOf(one) })),
          ...(known ? [] : [{ value: chosen, label: "A connection that no longer exists" }]),
        ]}
      />
    </Field>
  );
}

const trouble: Partial<Record<Connection["status"], string>> = { disabled: "disabled", failing: "failing" };
const nameOf = ({ display_name, status }: Connection) =>
  trouble[status] ? `${display_name} (${trouble[status]})` : display_name;

function SenderFields({ path, step, set, connection }: Props & { connection: Connection | undefined }) {
  const own = ["from_email", "from_name", "reply_to_email", "message_stream"] as const;
  const forced = useProblemsBelow(own.map((name) => `${path}.${name}`));
  const said = own.flatMap((name) => step[name] ?? []);
  return (
    <Disclosure
      title="Sender and stream"
      summary={said.length > 0 ? said.join(", ") : "as the connection says"}
      forced={forced}
    >
      <Fields className="grid gap-4 space-y-0 @md:grid-cols-2">
        <Field name={`${path}.from_email`} label="From address" optional>
          <Input
            type="email"
            value={step.from_email ?? ""}
            placeholder={connection?.from_email ?? "hello@example.com"}
            autoComplete="off"
            onChange={({ target }) => set({ ...step, from_email: target.value || null })}
          />
        </Field>
        <Field name={`${path}.from_name`} label="From name" optional>
          <Input
            value={step.from_name ?? ""}
            placeholder={connection?.from_name ?? "Acme"}
            autoComplete="off"
            onChange={({ target }) => set({ ...step, from_name: target.value || null })}
          />
        </Field>
        <Field name={`${path}.reply_to_email`} label="Reply-To" optional>
          <Input
            type="email"
            value={step.reply_to_email ?? ""}
            placeholder={connection?.reply_to_email ?? "support@example.com"}
            autoComplete="off"
            onChange={({ target }) => set({ ...step, reply_to_email: target.value || null })}
          />
        </Field>
        <StepStream
          name={`${path}.message_stream`}
          connection={connection}
          value={step.message_stream}
          onChange={(stream) => set({ ...step, message_stream: stream })}
        />
      </Fields>
    </Disclosure>
  );
}
