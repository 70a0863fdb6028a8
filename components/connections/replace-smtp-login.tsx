"use client";

import { KeyRound } from "lucide-react";
import { useState } from "react";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import type { Connection } from "@/lib/connections/schema";
import { SmtpFields } from "./smtp-fields";

type Props = { connection: Connection; change: FormAction<Connection> };

/** Takes another server or login in place of the old one; automations stay as they are. */
export function ReplaceSmtpLogin({ connection, change }: Props) {
  const [open, setOpen] = useState(false);
  const done = (changed: Connection) => {
    setOpen(false);
    if (changed.status === "ready") toast.success("It works. Held sends go out now.");
    else toast.error(changed.last_error ?? "It was saved, but it could not be validated.");
  };
  return (
    <Dialog
      title="Change server and login"
      description="Leave user name and password empty to keep those that are stored; for another server or port, or without encryption, enter them again. What was not answered yet stays as it is; everything after leaves this way."
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button>
          <KeyRound aria-hidden /> Change login
        </Button>
      }
    >
      <Form action={change} read={(fields) => ({ ...kept(fields), id: connection.id })} onSuccess={done}>
        <SmtpFields {...connection} />
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

/** A login of which nothing was typed stays what it is. */
const kept = ({ username, password, ...place }: Record<string, unknown>): Record<string, unknown> =>
  username === null && password === null ? place : { ...place, username, password };
