"use client";

import { ArrowRightLeft } from "lucide-react";
import { Field } from "@/components/form/field";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import type { Connection } from "@/lib/connections/schema";
import { ChangeLoginDialog } from "./change-login-dialog";
import { TokenField } from "./token-field";

type Props = { connection: Pick<Connection, "id" | "message_stream">; change: FormAction<Connection> };

/** Makes a native connection of an SMTP one, in place. */
export function MoveToNative({ connection, change }: Props) {
  return (
    <ChangeLoginDialog
      title="Move to native Postmark"
      description="The connection keeps its id: automations, history and webhook URL stay. Queued email leaves through Postmark’s API. What is unknown by SMTP stays so until Postmark reports it or you decide, and so does what is unknown should you move back; nothing is sent twice."
      trigger={
        <Button variant="primary">
          <ArrowRightLeft aria-hidden /> Move to native Postmark
        </Button>
      }
      id={connection.id}
      change={change}
      read={(fields) => ({ ...fields, provider: "postmark" })}
      confirm="Validate and move"
      works="Moved: mail leaves through Postmark’s API from now on."
    >
      <TokenField
        label="Server API token"
        hint="In Postmark: your server → API Tokens. The token of the server that mail left from until now, so that its reports find their emails."
      />
      <Field
        name="message_stream"
        label="Message stream"
        optional
        hint="Empty: the server’s only Broadcast stream, else outbound. You can choose from a list afterwards."
      >
        <Input
          className="font-mono"
          defaultValue={connection.message_stream ?? ""}
          autoCapitalize="none"
          spellCheck={false}
        />
      </Field>
    </ChangeLoginDialog>
  );
}
