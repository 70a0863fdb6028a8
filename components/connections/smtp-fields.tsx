"use client";

import { useState } from "react";
import { Field } from "@/components/form/field";
import { Banner } from "@/components/ui/banner";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { type Connection, postmarkHost, streamWarning } from "@/lib/connections/schema";
import { securityOptions } from "./provider-words";

type Values = Partial<Pick<Connection, "smtp_host" | "smtp_port" | "smtp_secure" | "username" | "message_stream">>;
type Props = Values & { onChange?: () => void; withStream?: boolean };

/** Where an SMTP connection leads and with what it logs in. */
export function SmtpFields({ onChange, withStream = false, ...values }: Props) {
  const [host, setHost] = useState(values.smtp_host ?? "");
  const atPostmark = postmarkHost(host) !== null;
  return (
    <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_6rem_12rem]" onChange={onChange}>
      <Field name="smtp_host" label="Host" hint="Such as smtp.postmarkapp.com.">
        <Input
          value={host}
          onChange={(event) => setHost(event.target.value)}
          placeholder="smtp.example.com"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono"
        />
      </Field>
      <Field name="smtp_port" label="Port">
        <Input type="number" inputMode="numeric" min={1} max={65_535} defaultValue={values.smtp_port ?? 587} />
      </Field>
      <Field name="smtp_secure" label="Encryption">
        <Select options={securityOptions} defaultValue={values.smtp_secure ?? "starttls"} />
      </Field>
      <div className="grid gap-4 sm:col-span-3 sm:grid-cols-2">
        <Field
          name="username"
          label="User name"
          optional
          hint={
            atPostmark
              ? "The server API token. SMTP must be on for the server."
              : "Empty where the server wants no login."
          }
        >
          <Input autoComplete="off" autoCapitalize="none" spellCheck={false} className="font-mono" />
        </Field>
        <Field
          name="password"
          label="Password"
          optional
          hint={atPostmark ? "The server API token again." : "Stored encrypted and never shown again."}
        >
          <Input type="password" autoComplete="new-password" />
        </Field>
      </div>
      {withStream && atPostmark && <StreamOf host={host} initial={values.message_stream ?? null} />}
    </div>
  );
}

/** By SMTP nobody lists the streams, so it is a plain field, with a word where host and stream look as if they did not belong together. */
export function StreamOf({ host, initial }: { host: string; initial: string | null }) {
  const [stream, setStream] = useState(initial ?? "");
  const warning = streamWarning(host, stream.trim() || null);
  return (
    <div className="space-y-3 sm:col-span-3">
      <Field
        name="message_stream"
        label="Message stream"
        optional
        hint="The stream’s id. Broadcast streams go to smtp-broadcasts.postmarkapp.com, transactional ones to smtp.postmarkapp.com."
      >
        <Input
          value={stream}
          onChange={(event) => setStream(event.target.value)}
          placeholder="lifecycle-production"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono"
        />
      </Field>
      {warning && <Banner tone="warn">{warning}</Banner>}
    </div>
  );
}
