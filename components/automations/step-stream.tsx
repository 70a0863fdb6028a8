"use client";

import { choosable, streamOf, streamTypes } from "@/components/connections/stream-words";
import { Field } from "@/components/form/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { TextLink } from "@/components/ui/text-link";
import type { Connection } from "@/lib/connections/schema";
import { useBuilder } from "./builder-context";
import { useProblemsBelow } from "./use-problems-below";

type Props = {
  name: string;
  connection: Connection | undefined;
  value: string | null;
  onChange: (stream: string | null) => void;
};

/** Which stream a step's mail leaves on: the connection's, or another of its server. */
export function StepStream({ name, connection, value, onChange }: Props) {
  const { connectionsPath } = useBuilder();
  const streams = choosable(connection?.streams ?? []);
  const known = value === null || streams.some(({ id }) => id === value);
  const effective = streams.find(({ id }) => connection && id === (value ?? streamOf(connection)));
  const clashes = effective?.type === "transactional" && !connection?.allow_transactional;
  const refused = useProblemsBelow([name]);
  const hint = clashes && connection && (
    <>
      {!refused && `“${effective.id}” is transactional, and lifecycle mail belongs on a Broadcast stream. Or: `}
      <TextLink href={`${connectionsPath}/${connection.id}`}>allow it in the connection’s settings</TextLink>
    </>
  );
  return (
    <Field name={name} label="Message stream" optional hint={hint}>
      {streams.length === 0 ? (
        <Input
          className="font-mono"
          value={value ?? ""}
          placeholder="as the connection says"
          autoCapitalize="none"
          spellCheck={false}
          onChange={({ target }) => onChange(target.value || null)}
        />
      ) : (
        <Select
          value={value ?? ""}
          onChange={({ target }) => onChange(target.value || null)}
          options={[
            { value: "", label: `The connection’s (${connection ? streamOf(connection) : "outbound"})` },
            ...streams.map((stream) => ({ value: stream.id, label: `${stream.id} · ${streamTypes[stream.type]}` })),
            ...(known ? [] : [{ value, label: `${value} (not found)` }]),
          ]}
        />
      )}
    </Field>
  );
}
