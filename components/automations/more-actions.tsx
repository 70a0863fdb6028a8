"use client";

import { Archive, Ellipsis, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { DropdownMenu, MenuItem } from "@/components/ui/dropdown-menu";
import { type AnyAutomation, type AutomationStatus, refusalOf } from "@/lib/automations/schema";

type Props = {
  automation: { id: string; name: string; status: AutomationStatus };
  /** The list that one returns to after deleting. */
  path: string;
  archive: Action<{ id: string }, AnyAutomation>;
  remove: Action<{ id: string }, unknown>;
};

/** Archive and delete, each where the status allows it. */
export function MoreActions({ automation, path, archive, remove }: Props) {
  const router = useRouter();
  const [asking, setAsking] = useState<"archive" | "delete" | null>(null);
  const close = (open: boolean) => setAsking((was) => (open ? was : null));
  const { id, name, status } = automation;
  const noArchive = refusalOf(status, "archive");
  const noDelete = refusalOf(status, "delete");
  return (
    <>
      <DropdownMenu
        trigger={
          <Button size="icon" aria-label="More actions">
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem disabled={noArchive !== null} onSelect={() => setAsking("archive")}>
          <Archive aria-hidden /> <Said label="Archive" refusal={noArchive} />
        </MenuItem>
        <MenuItem tone="bad" disabled={noDelete !== null} onSelect={() => setAsking("delete")}>
          <Trash2 aria-hidden /> <Said label="Delete" refusal={noDelete} />
        </MenuItem>
      </DropdownMenu>
      <ConfirmDialog
        title={`Archive “${name}”?`}
        description="Whoever is in it leaves, and what is queued is dropped. Its history stays. An archived automation never runs again."
        confirm="Archive automation"
        open={asking === "archive"}
        onOpenChange={close}
        action={archive}
        input={{ id }}
        success="Archived."
      />
      <ConfirmDialog
        title={`Delete “${name}”?`}
        description="It disappears from the list. What it has sent stays in the send log. This cannot be undone."
        confirm="Delete automation"
        open={asking === "delete"}
        onOpenChange={close}
        action={remove}
        input={{ id }}
        success="Automation deleted."
        onSuccess={() => router.push(path)}
      />
    </>
  );
}

function Said({ label, refusal }: { label: string; refusal: string | null }) {
  return (
    <span>
      <span className="block">{label}</span>
      {refusal && <span className="block text-xs">{refusal}</span>}
    </span>
  );
}
