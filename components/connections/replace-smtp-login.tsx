"use client";

import { KeyRound } from "lucide-react";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import type { Connection } from "@/lib/connections/schema";
import { ChangeLoginDialog } from "./change-login-dialog";
import { SmtpFields } from "./smtp-fields";

type Props = { connection: Connection; change: FormAction<Connection> };

/** Takes another server or login in place of the old one; automations stay as they are. */
export function ReplaceSmtpLogin({ connection, change }: Props) {
  return (
    <ChangeLoginDialog
      title="Change server and login"
      description="Leave user name and password empty to keep those that are stored; for another server or port, or without encryption, enter them again. What was not answered yet stays as it is; everything after leaves this way."
      trigger={
        <Button>
          <KeyRound aria-hidden /> Change login
        </Button>
      }
      id={connection.id}
      change={change}
      read={kept}
      works="It works. Held sends go out now."
    >
      <SmtpFields {...connection} />
    </ChangeLoginDialog>
  );
}

/** A login of which nothing was typed stays what it is. */
const kept = ({ username, password, ...place }: Record<string, unknown>): Record<string, unknown> =>
  username === null && password === null ? place : { ...place, username, password };
