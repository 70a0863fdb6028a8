"use client";

import { ConnectionForm, type NewConnectionProps } from "./connection-form";
import { SenderFields } from "./sender-fields";
import { StreamField } from "./stream-field";
import { TokenField } from "./token-field";

/** The form of a new Postmark connection. */
export function NewConnection(props: NewConnectionProps) {
  return (
    <ConnectionForm {...props} provider="postmark">
      {({ streams, forget }) => (
        <>
          <TokenField
            label="Server API token"
            hint="In Postmark: your server → API Tokens. A server token, not the account token. It is stored encrypted and never shown again."
            placeholder="xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
            onChange={forget}
          />
          <SenderFields />
          <StreamField streams={streams} initial={null} allowTransactional={false} />
        </>
      )}
    </ConnectionForm>
  );
}
