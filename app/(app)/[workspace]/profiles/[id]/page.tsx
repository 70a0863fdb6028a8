import type { Metadata } from "next";
import { ProfileIds } from "@/components/profiles/profile-ids";
import { TraitTable } from "@/components/profiles/trait-table";
import { getProfile } from "@/lib/profiles";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Person" };

export default async function ProfilePage({ params }: PageProps<"/[workspace]/profiles/[id]">) {
  const { workspace, id } = await params;
  const profile = await orNotFound(getProfile(await requireActor(workspace), { id }));
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
      <TraitTable traits={profile.traits} />
      <ProfileIds profile={profile} identityHref={`/${workspace}/profiles/${id}/identity`} />
    </div>
  );
}
