import type { Metadata } from "next";
import Link from "next/link";
import { ResetForm } from "@/components/auth/reset-form";
import { AuthFrame } from "@/components/layout/auth-frame";
import { resetOfToken } from "@/lib/workspaces";
import { resetPassword } from "../../actions";

// The address holds a secret: no other site may learn it.
export const metadata: Metadata = { title: "New password", referrer: "no-referrer" };

export default async function ResetPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const reset = await resetOfToken(token);
  if (reset === null)
    return (
      <AuthFrame
        title="This link does not work"
        footer={
          <Link href="/sign-in" className="text-accent underline underline-offset-2">
            Sign in
          </Link>
        }
      >
        <p className="text-center text-muted">
          It was used, or its day is over. Ask an owner of your workspace for a new one.
        </p>
      </AuthFrame>
    );
  return (
    <AuthFrame title="Set a new password" description={`For ${reset.email}. Every other session ends.`}>
      <ResetForm token={token} email={reset.email} reset={resetPassword} />
    </AuthFrame>
  );
}
