import type { Metadata } from "next";
import Link from "next/link";
import { SignOutButton } from "@/components/auth/sign-out-button";
import { AuthFrame } from "@/components/layout/auth-frame";
import { OpenWorkspaceForm } from "@/components/workspaces/open-workspace-form";
import { requireUser } from "@/lib/web/session";
import { listWorkspaces } from "@/lib/workspaces";
import { openWorkspace } from "../actions";

export const metadata: Metadata = { title: "New workspace" };

export default async function WelcomePage() {
  const user = await requireUser("/welcome");
  const first = (await listWorkspaces(user)).length === 0;
  return (
    <AuthFrame
      title={first ? `Welcome${user.name ? `, ${user.name}` : ""}` : "New workspace"}
      description={
        first
          ? "A workspace holds your people, automations and the connection to your email provider."
          : "It has its own people, automations, keys and members."
      }
      footer={
        <div className="flex flex-wrap items-center justify-center gap-x-3">
          <span>Signed in as {user.email}</span>
          {first ? (
            <SignOutButton />
          ) : (
            <Link href="/" className="text-accent underline underline-offset-2">
              Back
            </Link>
          )}
        </div>
      }
    >
      <OpenWorkspaceForm open={openWorkspace} />
    </AuthFrame>
  );
}
