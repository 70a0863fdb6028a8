import type { Metadata } from "next";
import Link from "next/link";
import { SignOutButton } from "@/components/auth/sign-out-button";
import { SignUpForm } from "@/components/auth/sign-up-form";
import { AuthFrame } from "@/components/layout/auth-frame";
import { JoinWorkspace } from "@/components/workspaces/join-workspace";
import { currentUser } from "@/lib/web/session";
import { viewInvitation } from "@/lib/workspaces";
import type { InvitationView, User } from "@/lib/workspaces/schema";
import { acceptInvitation, signUp } from "../../actions";

// The address holds a secret: no other site may learn it.
export const metadata: Metadata = { title: "Invitation", referrer: "no-referrer" };

const troubles = {
  expired: "It was good for seven days, which are over.",
  used: "Someone has used it already: a link lets one person in.",
  revoked: "It was revoked.",
  unknown: "The address may have been cut off when it was copied.",
} as const;

export default async function InvitationPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const [invitation, user] = await Promise.all([viewInvitation(token), currentUser()]);
  if (invitation?.state !== "open") return <Spent why={troubles[invitation?.state ?? "unknown"]} />;
  return user ? (
    <ForMember invitation={invitation} token={token} user={user} />
  ) : (
    <ForStranger invitation={invitation} token={token} />
  );
}

const title = ({ workspaceName }: InvitationView) => `Join ${workspaceName}`;
const asRole = ({ role }: InvitationView) =>
  `You are invited as ${role === "owner" || role === "admin" ? "an" : "a"} ${role}.`;

function ForMember({ invitation, token, user }: { invitation: InvitationView; token: string; user: User }) {
  const other = invitation.email !== null && invitation.email !== user.email;
  return (
    <AuthFrame
      title={title(invitation)}
      description={other ? undefined : asRole(invitation)}
      footer={
        <div className="flex flex-wrap items-center justify-center gap-x-3">
          <span>Signed in as {user.email}</span>
          <SignOutButton next={`/invitations/${token}`}>Use another account</SignOutButton>
        </div>
      }
    >
      {other ? (
        <p className="text-center text-muted">
          This invitation is for {invitation.email}. Sign in with that address to accept it.
        </p>
      ) : (
        <JoinWorkspace token={token} workspaceName={invitation.workspaceName} accept={acceptInvitation} />
      )}
    </AuthFrame>
  );
}

function ForStranger({ invitation, token }: { invitation: InvitationView; token: string }) {
  return (
    <AuthFrame
      title={title(invitation)}
      description={asRole(invitation)}
      footer={
        <>
          Have an account?{" "}
          <Link
            href={`/sign-in?next=${encodeURIComponent(`/invitations/${token}`)}`}
            className="text-accent underline underline-offset-2"
          >
            Sign in to accept
          </Link>
        </>
      }
    >
      <SignUpForm signUp={signUp} invitation={{ token, email: invitation.email }} />
    </AuthFrame>
  );
}

function Spent({ why }: { why: string }) {
  return (
    <AuthFrame
      title="This invitation does not work"
      footer={
        <Link href="/" className="text-accent underline underline-offset-2">
          Go to the start page
        </Link>
      }
    >
      <p className="text-center text-muted">{why} Ask an owner or admin of the workspace for a new one.</p>
    </AuthFrame>
  );
}
