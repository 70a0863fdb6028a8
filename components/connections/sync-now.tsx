"use client";

import { RefreshCw } from "lucide-react";
import { type Action, useAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import type { SyncedNews } from "@/lib/sends/schema";

export type SyncNowProps = { id: string; sync: Action<{ id: string }, SyncedNews> };

/** Looks everything up at once, instead of when its turn comes. */
export function SyncNow({ id, sync }: SyncNowProps) {
  const { run, pending, error } = useAction(sync, { onSuccess: (value) => toast.success(outcome(value)) });
  return (
    <div className="flex flex-wrap items-center justify-end gap-2">
      {error && (
        <p role="alert" className="text-bad text-sm">
          {error.detail}
        </p>
      )}
      <Button size="sm" pending={pending} onClick={() => run({ id })}>
        <RefreshCw aria-hidden /> Sync now
      </Button>
    </div>
  );
}

function outcome({ filled, last_error: problem, syncing }: SyncedNews): string {
  if (problem !== null) return "The sync did not finish; the card says why.";
  if (syncing) return "A sync is under way.";
  if (filled === 0) return "Synced. Nothing was missing.";
  return filled === 1 ? "Synced. One event was missing." : `Synced. ${filled} events were missing.`;
}
