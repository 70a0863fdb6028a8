import { KeyRound } from "lucide-react";
import type { Metadata } from "next";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Keys } from "@/components/workspaces/keys";
import { publicOrigin, requireActor } from "@/lib/web/session";
import { listKeys } from "@/lib/workspaces";
import { listKeysInput } from "@/lib/workspaces/schema";
import { createKey, revokeKey } from "../actions";

export const metadata: Metadata = { title: "API keys" };

export default async function KeysPage({ params, searchParams }: PageProps<"/[workspace]/settings/keys">) {
  const [{ workspace: slug }, { cursor }] = await Promise.all([params, searchParams]);
  const actor = await requireActor(slug);
  if (!actor.permissions.has("keys:read"))
    return (
      <Card>
        <EmptyState icon={KeyRound} title="Keys are for owners and admins">
          Your role cannot see or make API keys. Ask an owner or admin of the workspace.
        </EmptyState>
      </Card>
    );
  const page = await listKeys(actor, listKeysInput.catch({ limit: 50 }).parse({ cursor }));
  return (
    <Keys
      keys={page.data}
      path={`/${slug}/settings/keys`}
      first={cursor === undefined}
      next={page.next_cursor}
      eventsUrl={`${publicOrigin()}/v1/events`}
      create={createKey.bind(null, slug)}
      revoke={revokeKey.bind(null, slug)}
    />
  );
}
