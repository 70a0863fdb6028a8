"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { choosable, streamOf } from "@/components/connections/stream-words";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { SubmitButton } from "@/components/form/submit-button";
import type { FormAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { RadioCards } from "@/components/ui/radio-cards";
import { Select } from "@/components/ui/select";
import type { Connection } from "@/lib/connections/schema";
import { createSuppressionInput, type Suppression } from "@/lib/suppressions/schema";

/** What of a connection the choice of a stream needs. */
type StreamSource = Pick<Connection, "id" | "display_name" | "message_stream" | "streams">;

type Props = {
  connections: StreamSource[];
  create: FormAction<Suppression>;
  disabled?: boolean;
};

/** Stops writing to an address by hand, everywhere or on one stream. */
export function AddSuppression({ connections, create, disabled = false }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      title="Add suppression"
      description="This workspace stops writing to the address at once, emails that are queued included."
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button variant="primary" disabled={disabled}>
          <Plus aria-hidden /> Add suppression
        </Button>
      }
    >
      <AddForm connections={connections} create={create} onDone={() => setOpen(false)} />
    </Dialog>
  );
}

function AddForm({ connections, create, onDone }: Omit<Props, "disabled"> & { onDone: () => void }) {
  const [scope, setScope] = useState("workspace");
  const [connectionId, setConnectionId] = useState(connections[0]?.id ?? "");
  const connection = connections.find(({ id }) => id === connectionId);
  return (
    <Form action={create} schema={createSuppressionInput} success="Suppression added." onSuccess={onDone}>
      <Field name="email" label="Email address">
        <Input type="email" inputMode="email" autoComplete="off" placeholder="person@example.com" />
      </Field>
      <RadioCards
        legend="Holds for"
        name="scope"
        value={scope}
        onValueChange={setScope}
        options={[
          { value: "workspace", label: "Whole workspace", description: "Nothing is sent to it at all." },
          {
            value: "stream",
            label: "One stream",
            description:
              connections.length > 0
                ? "Nothing is sent to it on one stream of one connection."
                : "There is no connection in this workspace yet.",
            disabled: connections.length === 0,
          },
        ]}
      />
      {scope === "stream" && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field name="connection_id" label="Connection">
            <Select
              value={connectionId}
              onChange={(event) => setConnectionId(event.target.value)}
              options={connections.map(({ id, display_name }) => ({ value: id, label: display_name }))}
            />
          </Field>
          {connection && <StreamChoice key={connection.id} connection={connection} />}
        </div>
      )}
      <DialogActions>
        <DialogClose>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Add suppression</SubmitButton>
      </DialogActions>
    </Form>
  );
}

/** The streams that the connection's token showed, the one it sends on first chosen; until it was validated, a plain field. */
function StreamChoice({ connection }: { connection: StreamSource }) {
  const streams = choosable(connection.streams);
  return (
    <Field name="stream" label="Stream">
      {streams.length > 0 ? (
        <Select
          defaultValue={streamOf(connection)}
          options={streams.map(({ id, name }) => ({ value: id, label: name === id ? id : `${name} (${id})` }))}
        />
      ) : (
        <Input defaultValue={streamOf(connection)} autoCapitalize="none" spellCheck={false} className="font-mono" />
      )}
    </Field>
  );
}
