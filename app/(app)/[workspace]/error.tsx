"use client";

import { Trouble } from "@/components/layout/trouble";
import { PageHeader } from "@/components/ui/page-header";

export default function WorkspaceError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="mx-auto max-w-md py-16 text-center">
      <PageHeader title="Something went wrong on our side" />
      <Trouble digest={error.digest} retry={reset} />
    </div>
  );
}
