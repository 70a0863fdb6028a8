"use client";

import { KeyRound } from "lucide-react";
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

type Props = { connection: Pick<Connection, "id" | "server_token_last4">; change: FormAction<Connection> };

/** Takes a new server token in place of the old one; automations and webhook stay as they are. */
export function ReplaceToken({ connection, change }: Props) {
  const [open, setOpen] = useState(false);
  const done = (changed: Connection) => {
    setOpen(false);
    if (changed.status === "ready") toast.success("The new token works. Held sends go out now.");
    else toast.error(changed.last_error ?? "The new token was saved, but it could not be validated.");
  };
  return (
    <Dialog
      title="Replace the server token"
      description="The new token is validated and used from the next send on. Automations, webhook URL and secret stay as they are."
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button>
          <KeyRound aria-hidden /> Replace token
        </Button>
      }
    >
      <Form action={change} read={(fields) => ({ ...fields, id: connection.id })} onSuccess={done}>
        <Field name="server_token" label="New server API token" hint="In Postmark: your server → API Tokens.">
          <Input className="font-mono" autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Field>
        <DialogActions>
          <DialogClose>
            <Button>Cancel</Button>
          </DialogClose>
          <SubmitButton>Validate and save</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
