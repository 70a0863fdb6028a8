import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { SignUpForm } from "@/components/auth/sign-up-form";
import { AuthFrame } from "@/components/layout/auth-frame";
import { currentUser } from "@/lib/web/session";
import { signUpState } from "@/lib/workspaces";
import { signUp } from "../actions";

export const metadata: Metadata = { title: "Make an account" };

export default async function SignUpPage() {
  if (await currentUser()) redirect("/");
  const state = await signUpState();
  const footer = (
    <>
      Have an account?{" "}
      <Link href="/sign-in" className="text-accent underline underline-offset-2">
        Sign in
      </Link>
    </>
  );
  if (state === "closed")
    return (
      <AuthFrame title="Accounts are by invitation" footer={footer}>
        <p className="text-muted">
          New accounts are closed on this server. Ask an owner or admin of your workspace for an invitation link: it
          lets you make an account. Whoever runs the server can also open sign-up with the environment variable{" "}
          <code className="rounded-sm bg-hover px-1 font-mono text-sm">SIGNUP=open</code>, or make an account with{" "}
          <code className="rounded-sm bg-hover px-1 font-mono text-sm">gflux user create</code>.
        </p>
      </AuthFrame>
    );
  return (
    <AuthFrame title="Make an account" footer={footer}>
      <SignUpForm signUp={signUp} />
    </AuthFrame>
  );
}
