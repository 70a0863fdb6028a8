"use client";

import { useState } from "react";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Card } from "@/components/ui/card";
import type { Connection } from "@/lib/connections/schema";
import { isPostmark, isSmtp } from "./provider-words";
import { NameField, SenderFields } from "./sender-fields";
import { StreamOf } from "./smtp-fields";
import { StreamField } from "./stream-field";

type Props = { connection: Connection; change: FormAction<Connection>; editable: boolean };

/** Name, sender and stream of a connection. Only what was changed here is saved, so that it undoes nobody else's change. */
export function EditConnection({ connection, change, editable }: Props) {
  const [saved, setSaved] = useState(connection);
  const changed = (fields: Record<string, unknown>) => {
    const before = new Map<string, unknown>(Object.entries(saved));
    return Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== before.get(name)));
  };
  return (
    <Card title="Sender and stream" description="A step of an automation may name another sender or stream.">
      <Form
        action={change}
        guard
        success="Saved."
        onSuccess={setSaved}
        read={(fields) => ({
          ...changed(
            "message_stream" in fields ? { ...fields, message_stream: fields.message_stream || null } : fields,
          ),
          id: connection.id,
        })}
      >
        <fieldset disabled={!editable} className="space-y-4">
          <NameField value={connection.display_name} />
          <SenderFields {...connection} bySmtp={isSmtp(connection)} />
          {!isSmtp(connection) && (
            <StreamField
              streams={connection.streams}
              initial={connection.message_stream}
              allowTransactional={connection.allow_transactional}
            />
          )}
          {isSmtp(connection) && isPostmark(connection) && (
            <StreamOf host={connection.smtp_host ?? ""} initial={connection.message_stream} />
          )}
        </fieldset>
        {editable && <SubmitButton>Save changes</SubmitButton>}
      </Form>
    </Card>
  );
}
