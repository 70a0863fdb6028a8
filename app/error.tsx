"use client";

import { AuthFrame } from "@/components/layout/auth-frame";
import { Trouble } from "@/components/layout/trouble";

export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <AuthFrame title="Something went wrong on our side">
      <Trouble digest={error.digest} retry={reset} />
    </AuthFrame>
  );
}
