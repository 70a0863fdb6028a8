"use client";

import { ConnectionForm, type NewConnectionProps } from "./connection-form";
import { SenderFields } from "./sender-fields";
import { SmtpFields } from "./smtp-fields";

/** The form of a new SMTP connection: to look is to log in. */
export function NewSmtpConnection(props: NewConnectionProps) {
  return (
    <ConnectionForm {...props} provider="smtp">
      {({ forget }) => (
        <>
          <SmtpFields onChange={forget} withStream />
          <SenderFields bySmtp />
        </>
      )}
    </ConnectionForm>
  );
}
