"use client";

import { KeyRound } from "lucide-react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Pagination } from "@/components/ui/pagination";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { ApiKey, CreateKeyInput, KeyInput, NewApiKey } from "@/lib/workspaces/schema";
import { CreateKeyDialog } from "./create-key-dialog";

type Props = {
  keys: ApiKey[];
  path: string;
  first: boolean;
  next: string | null;
  eventsUrl: string;
  create: Action<CreateKeyInput, NewApiKey>;
  revoke: Action<KeyInput>;
};

/** The workspace's keys. The keys themselves are nowhere: each is shown when it is made. */
export function Keys({ keys, path, first, next, eventsUrl, create, revoke }: Props) {
  return (
    <Card
      flush
      title="API keys"
      description="Secret keys are for servers, publishable ones for browsers and apps: those may only send events."
      actions={<CreateKeyDialog create={create} eventsUrl={eventsUrl} />}
    >
      {keys.length === 0 ? (
        <EmptyState icon={KeyRound} title="No keys yet">
          Programs send events and use the API with a key. Make one for each program, so that each can be revoked alone.
        </EmptyState>
      ) : (
        <Table label="API keys">
          <TableHead>
            <Th>Name</Th>
            <Th>Key</Th>
            <Th hide="lg">May do</Th>
            <Th hide="md">Last used</Th>
            <Th hide="lg">Made</Th>
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          </TableHead>
          <TableBody>
            {keys.map((key) => (
              <KeyRow key={key.id} apiKey={key} revoke={revoke} />
            ))}
          </TableBody>
        </Table>
      )}
      <Pagination first={first ? null : path} next={next && `${path}?cursor=${next}`} />
    </Card>
  );
}

function KeyRow({ apiKey, revoke }: { apiKey: ApiKey; revoke: Props["revoke"] }) {
  return (
    <Tr>
      <Td className="w-full max-w-0 sm:w-auto sm:max-w-xs">
        <span className="block truncate font-medium">{apiKey.name}</span>
        <Badge tone={apiKey.kind === "secret" ? "warn" : "info"} className="mt-0.5">
          {apiKey.kind === "secret" ? "Secret" : "Publishable"}
        </Badge>
      </Td>
      <Td className="whitespace-nowrap font-mono text-muted">
        <span className="hidden sm:inline">{apiKey.prefix}</span>…{apiKey.last4}
      </Td>
      <Td hide="lg" className="max-w-xs text-muted">
        {powers(apiKey)}
      </Td>
      <Td hide="md" className="text-muted">
        {apiKey.last_used_at ? <Time at={apiKey.last_used_at} /> : "Never"}
      </Td>
      <Td hide="lg" className="text-muted">
        <Time at={apiKey.created_at} />
      </Td>
      <Td className="text-right">
        <ConfirmDialog
          title={`Revoke “${apiKey.name}”?`}
          description={`Programs that use the key ending in ${apiKey.last4} are refused at once. This cannot be undone.`}
          confirm="Revoke key"
          trigger={
            <Button size="sm" aria-label={`Revoke ${apiKey.name}`}>
              Revoke
            </Button>
          }
          action={revoke}
          input={{ id: apiKey.id }}
          success="Key revoked."
        />
      </Td>
    </Tr>
  );
}

function powers({ kind, scopes }: ApiKey): string {
  if (kind === "publishable") return "Send events";
  return scopes.length === 0 ? "Everything" : scopes.join(", ");
}
