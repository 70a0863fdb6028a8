"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { CheckField, Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { Action } from "@/components/form/use-action";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { CodeBlock } from "@/components/ui/code-block";
import { CopyField } from "@/components/ui/copy-field";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { RadioCards } from "@/components/ui/radio-cards";
import { permissions } from "@/lib/actor";
import { type CreateKeyInput, createKeyInput, type NewApiKey } from "@/lib/workspaces/schema";
import { curlForKey } from "./curl";

type Props = { create: Action<CreateKeyInput, NewApiKey>; eventsUrl: string };

/** Makes a key and shows it once, with a command that tries it. */
export function CreateKeyDialog({ create, eventsUrl }: Props) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<NewApiKey | null>(null);
  const change = (next: boolean) => {
    if (!next) setMade(null);
    setOpen(next);
  };
  return (
    <Dialog
      title={made ? "Key made" : "New API key"}
      open={open}
      onOpenChange={change}
      size={made ? "lg" : "md"}
      trigger={
        <Button variant="primary">
          <Plus aria-hidden /> New key
        </Button>
      }
    >
      {made ? <Made apiKey={made} eventsUrl={eventsUrl} /> : <KeyForm create={create} onMade={setMade} />}
    </Dialog>
  );
}

function KeyForm({ create, onMade }: { create: Props["create"]; onMade: (made: NewApiKey) => void }) {
  const [kind, setKind] = useState("secret");
  const [power, setPower] = useState("all");
  return (
    <Form action={create} schema={createKeyInput} onSuccess={onMade} read={({ power: _, ...fields }) => fields}>
      <Field name="name" label="Name" hint="Where it will be used, such as “Backend” or “Website”.">
        <Input required autoComplete="off" maxLength={80} />
      </Field>
      <RadioCards
        legend="Kind"
        name="kind"
        value={kind}
        onValueChange={setKind}
        options={[
          { value: "secret", label: "Secret", description: "For servers. Never put it where others can read it." },
          { value: "publishable", label: "Publishable", description: "For browsers and apps. May only send events." },
        ]}
      />
      {kind === "secret" && (
        <RadioCards
          legend="May do"
          name="power"
          value={power}
          onValueChange={setPower}
          options={[
            { value: "all", label: "Everything" },
            { value: "some", label: "Only what is ticked" },
          ]}
        />
      )}
      {kind === "secret" && power === "some" && (
        <fieldset className="grid gap-2 sm:grid-cols-2">
          <legend className="sr-only">Scopes</legend>
          {permissions.map((scope) => (
            <CheckField key={scope} name="scopes" list value={scope} label={scope} />
          ))}
        </fieldset>
      )}
      <DialogActions>
        <DialogClose>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Make key</SubmitButton>
      </DialogActions>
    </Form>
  );
}

function Made({ apiKey, eventsUrl }: { apiKey: NewApiKey; eventsUrl: string }) {
  const sends = apiKey.scopes.length === 0 || apiKey.scopes.includes("events:write");
  return (
    <div className="space-y-4">
      <Banner tone="warn" live title="Copy the key now">
        It is shown only this once. Whoever loses it makes a new one and revokes this.
      </Banner>
      <CopyField label={apiKey.name} value={apiKey.key} />
      {sends && (
        <div>
          <p className="mb-1 font-medium text-sm">Try it: send an event</p>
          <CodeBlock label="Send an event" code={curlForKey({ eventsUrl, key: apiKey.key, kind: apiKey.kind })} />
        </div>
      )}
      <DialogActions>
        <DialogClose>
          <Button variant="primary">I have copied it</Button>
        </DialogClose>
      </DialogActions>
    </div>
  );
}
