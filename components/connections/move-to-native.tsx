"use client";

import { ArrowRightLeft } from "lucide-react";
import { useState } from "react";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import type { Connection } from "@/lib/connections/schema";

type Props = { connection: Pick<Connection, "id" | "message_stream">; change: FormAction<Connection> };

/** Makes a native connection of an SMTP one, in place. */
export function MoveToNative({ connection, change }: Props) {
  const [open, setOpen] = useState(false);
  const done = (changed: Connection) => {
    setOpen(false);
    if (changed.status === "ready") toast.success("Moved: mail leaves through Postmark’s API from now on.");
    else toast.error(changed.last_error ?? "It moved, but the token could not be validated.");
  };
  return (
    <Dialog
      title="Move to native Postmark"
      description="The connection keeps its id: automations, history and webhook URL stay. Queued email leaves through Postmark’s API. What is unknown by SMTP stays so until Postmark reports it or you decide, and so does what is unknown should you move back; nothing is sent twice."
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button variant="primary">
          <ArrowRightLeft aria-hidden /> Move to native Postmark
        </Button>
      }
    >
      <Form
        action={change}
        read={(fields) => ({ ...fields, id: connection.id, provider: "postmark" })}
        onSuccess={done}
      >
        <Field
          name="server_token"
          label="Server API token"
          hint="In Postmark: your server → API Tokens. The token of the server that mail left from until now, so that its reports find their emails."
        >
          <Input className="font-mono" autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Field>
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
        <DialogActions>
          <DialogClose>
            <Button>Cancel</Button>
          </DialogClose>
          <SubmitButton>Validate and move</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
