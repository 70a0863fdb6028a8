"use client";

import { Button } from "@/components/ui/button";

/** What a page shows in the place of itself when reading it failed. The code is in the server's log too. */
export function Trouble({ digest, retry }: { digest?: string; retry: () => void }) {
  return (
    <div className="text-center">
      <p className="text-muted">
        The page could not be read. Nothing was changed. Try again; if it stays, the server’s log says why
        {digest && (
          <>
            {" "}
            under <code className="rounded-sm bg-hover px-1 font-mono text-sm">{digest}</code>
          </>
        )}
        .
      </p>
      <Button variant="primary" className="mt-4" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}
