"use client";

import { KeyRound } from "lucide-react";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import type { Connection } from "@/lib/connections/schema";
import { ChangeLoginDialog } from "./change-login-dialog";
import { TokenField } from "./token-field";

type Props = { connection: Pick<Connection, "id">; change: FormAction<Connection> };

/** Takes a new server token in place of the old one; automations and webhook stay as they are. */
export function ReplaceToken({ connection, change }: Props) {
  return (
    <ChangeLoginDialog
      title="Replace the server token"
      description="The new token is validated and used from the next send on. Automations, webhook URL and secret stay as they are."
      trigger={
        <Button>
          <KeyRound aria-hidden /> Replace token
        </Button>
      }
      id={connection.id}
      change={change}
      works="The new token works. Held sends go out now."
    >
      <TokenField label="New server API token" hint="In Postmark: your server → API Tokens." />
    </ChangeLoginDialog>
  );
}
