import type { Metadata } from "next";
import { Invitations } from "@/components/workspaces/invitations";
import { Members } from "@/components/workspaces/members";
import { requireActor } from "@/lib/web/session";
import { listInvitations, listMembers } from "@/lib/workspaces";
import { changeRole, createResetLink, invite, removeMember, revokeInvitation } from "../actions";

export const metadata: Metadata = { title: "Members" };

export default async function MembersPage({ params }: PageProps<"/[workspace]/settings/members">) {
  const { workspace: slug } = await params;
  const actor = await requireActor(slug);
  const [members, invitations] = await Promise.all([listMembers(actor), listInvitations(actor)]);
  const me = { userId: actor.id, role: actor.role ?? "viewer" };
  return (
    <>
      <Members
        members={members.data}
        me={me}
        changeRole={changeRole.bind(null, slug)}
        remove={removeMember.bind(null, slug)}
        makeResetLink={createResetLink.bind(null, slug)}
      />
      <Invitations
        invitations={invitations.data}
        me={me}
        invite={invite.bind(null, slug)}
        revoke={revokeInvitation.bind(null, slug)}
      />
    </>
  );
}
