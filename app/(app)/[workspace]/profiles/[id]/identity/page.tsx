import type { Metadata } from "next";
import { IdentityChanges } from "@/components/profiles/identity-changes";
import { IdentityTable } from "@/components/profiles/identity-table";
import { profileIdentity } from "@/lib/sends";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Identity" };

export default async function IdentityPage({ params }: PageProps<"/[workspace]/profiles/[id]/identity">) {
  const { workspace, id } = await params;
  const identity = await orNotFound(profileIdentity(await requireActor(workspace), { id }));
  return (
    <div className="space-y-6">
      <IdentityTable entries={identity.data} />
      <IdentityChanges changes={identity.changes} profilesHref={`/${workspace}/profiles`} />
    </div>
  );
}
