import type { Metadata } from "next";
import { IdentityTable } from "@/components/profiles/identity-table";
import { profileIdentity } from "@/lib/sends";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Identity" };

export default async function IdentityPage({ params }: PageProps<"/[workspace]/profiles/[id]/identity">) {
  const { workspace, id } = await params;
  const identity = await orNotFound(profileIdentity(await requireActor(workspace), { id }));
  return <IdentityTable entries={identity.data} />;
}
