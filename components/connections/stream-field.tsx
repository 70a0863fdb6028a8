"use client";

import { useState } from "react";
import { CheckField, Field } from "@/components/form/field";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { type RadioCard, RadioCards } from "@/components/ui/radio-cards";
import type { PublicStream } from "@/lib/connections/schema";
import { choosable, streamOf, streamTypes, unsubscribeWords } from "./stream-words";

const why =
  "Lifecycle email belongs on a Broadcast stream: it has its own IP addresses, so what readers make of it never harms your receipts and password resets, and Postmark adds the unsubscribe link.";

type Props = {
  /** As read with the token; empty while it was not validated. */
  streams: readonly PublicStream[];
  initial: string | null;
  allowTransactional: boolean;
};

/** Which message stream mail leaves on: a list once the token was validated, a plain field until then. */
export function StreamField({ streams, initial, allowTransactional }: Props) {
  const [chosen, setChosen] = useState(initial ?? "");
  const [typing, setTyping] = useState(false);
  const live = choosable(streams);
  const known = chosen === "" || live.some((stream) => stream.id === chosen);
  const effective = live.find(({ id }) => id === streamOf({ message_stream: chosen || null, streams: [...streams] }));
  const asText = live.length === 0 || typing;
  return (
    <div className="space-y-3">
      {asText ? (
        <Field
          name="message_stream"
          label="Message stream"
          optional
          hint={
            live.length === 0
              ? `${why} Validate to choose from a list; empty means the server’s only Broadcast stream, else “outbound”.`
              : why
          }
        >
          <Input
            value={chosen}
            onChange={(event) => setChosen(event.target.value)}
            placeholder="lifecycle-production"
            autoCapitalize="none"
            spellCheck={false}
            className="font-mono"
          />
        </Field>
      ) : (
        <RadioCards
          legend="Message stream"
          name="message_stream"
          hint={why}
          value={chosen}
          onValueChange={setChosen}
          options={[automatic(streams), ...live.map(asCard), ...(known ? [] : [unknown(chosen)])]}
        />
      )}
      {live.length > 0 && (
        <Button variant="link" size="sm" onClick={() => setTyping(!typing)}>
          {typing ? "Choose from the list" : "Type the id of another stream"}
        </Button>
      )}
      {effective?.type === "transactional" && (
        <CheckField
          name="allow_transactional"
          defaultChecked={allowTransactional}
          label="Send lifecycle email on a transactional stream all the same"
          hint="Without this, automations that would send on it cannot be published. Postmark’s terms keep such streams for mail that the reader asked for."
        />
      )}
    </div>
  );
}

function automatic(streams: readonly PublicStream[]): RadioCard {
  return {
    value: "",
    label: "Automatic",
    description: (
      <>
        The server’s only Broadcast stream, else outbound. Now:{" "}
        <Code>{streamOf({ message_stream: null, streams: [...streams] })}</Code>
      </>
    ),
  };
}

function asCard(stream: PublicStream): RadioCard {
  return {
    value: stream.id,
    label: (
      <>
        {stream.name} <Code>{stream.id}</Code>
      </>
    ),
    description: unsubscribeWords[stream.unsubscribe_handling],
    aside: <Badge tone={stream.type === "broadcast" ? "accent" : "neutral"}>{streamTypes[stream.type]}</Badge>,
  };
}

const unknown = (id: string): RadioCard => ({
  value: id,
  label: <Code>{id}</Code>,
  description: "The server has no live stream of this id.",
  aside: <Badge tone="warn">Not found</Badge>,
});

const Code = ({ children }: { children: string }) => (
  <code className="font-mono font-normal text-muted">{children}</code>
);
