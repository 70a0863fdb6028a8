import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { SignInForm } from "@/components/auth/sign-in-form";
import { AuthFrame } from "@/components/layout/auth-frame";
import { Banner } from "@/components/ui/banner";
import { safeNext } from "@/lib/web/safe-next";
import { currentUser } from "@/lib/web/session";

export const metadata: Metadata = { title: "Sign in" };

type Props = { searchParams: Promise<{ next?: string | string[]; error?: string | string[] }> };

export default async function SignInPage({ searchParams }: Props) {
  const { next, error } = await searchParams;
  const goal = safeNext(next);
  if (await currentUser()) redirect(goal);
  return (
    <AuthFrame title="Sign in" footer={<SignUpLink next={goal} />}>
      {error && (
        <Banner tone="bad" className="mb-4">
          Signing in did not work. Try again.
        </Banner>
      )}
      <SignInForm next={goal} />
      <p className="mt-4 text-center text-muted text-sm">
        Forgot your password? An owner of your workspace can make you a link to set a new one.
      </p>
    </AuthFrame>
  );
}

function SignUpLink({ next }: { next: string }) {
  if (next.startsWith("/invitations/"))
    return (
      <Link href={next} className="text-accent underline underline-offset-2">
        Back to the invitation
      </Link>
    );
  return (
    <>
      New here?{" "}
      <Link href="/sign-up" className="text-accent underline underline-offset-2">
        Make an account
      </Link>
    </>
  );
}
