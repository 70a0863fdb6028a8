"use client";

import { Ellipsis, Power, PowerOff, RotateCw, Star, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import { type Action, useAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { DropdownMenu, MenuItem, MenuLine } from "@/components/ui/dropdown-menu";
import { toast } from "@/components/ui/toast";
import type { Connection, ConnectionCheck } from "@/lib/connections/schema";

type Props = {
  connection: Pick<Connection, "id" | "display_name" | "status" | "is_default">;
  /** The list that one returns to after deleting. */
  path: string;
  validate: Action<{ id: string }, ConnectionCheck>;
  enable: Action<{ id: string }, unknown>;
  disable: Action<{ id: string }, unknown>;
  remove: Action<{ id: string }, unknown>;
  makeDefault: Action<{ id: string; is_default: true }, unknown>;
};

/** Validate again, enable or disable, delete. */
export function ConnectionActions({ connection, path, validate, enable, disable, remove, makeDefault }: Props) {
  const router = useRouter();
  const [asking, setAsking] = useState<"disable" | "delete" | null>(null);
  const input = { id: connection.id };
  const check = useAction(toasting(validate), { success: "Validated: it works." });
  const turnOn = useAction(toasting(enable), { success: "Enabled." });
  const choose = useAction(toasting(makeDefault), { success: "New email steps begin with this connection." });
  const close = (open: boolean) => setAsking((was) => (open ? was : null));
  return (
    <>
      <Button pending={check.pending} onClick={() => check.run(input)}>
        <RotateCw aria-hidden /> Validate again
      </Button>
      <DropdownMenu
        trigger={
          <Button size="icon" aria-label="More actions" pending={turnOn.pending}>
            <Ellipsis />
          </Button>
        }
      >
        {connection.status === "disabled" ? (
          <MenuItem onSelect={() => turnOn.run(input)}>
            <Power aria-hidden /> Enable
          </MenuItem>
        ) : (
          <MenuItem onSelect={() => setAsking("disable")}>
            <PowerOff aria-hidden /> Disable
          </MenuItem>
        )}
        {!connection.is_default && (
          <MenuItem onSelect={() => choose.run({ ...input, is_default: true })}>
            <Star aria-hidden /> Make default
          </MenuItem>
        )}
        <MenuLine />
        <MenuItem tone="bad" onSelect={() => setAsking("delete")}>
          <Trash2 aria-hidden /> Delete
        </MenuItem>
      </DropdownMenu>
      <ConfirmDialog
        title="Disable this connection?"
        description="Nothing is sent through it until it is enabled again. Sends that are queued wait; automations go on."
        confirm="Disable"
        open={asking === "disable"}
        onOpenChange={close}
        action={disable}
        input={input}
        success="Disabled."
      />
      <ConfirmDialog
        title={`Delete “${connection.display_name}”?`}
        description="Its token and webhook secret are erased. What it has sent stays readable. This cannot be undone."
        confirm="Delete connection"
        open={asking === "delete"}
        onOpenChange={close}
        action={remove}
        input={input}
        success="Connection deleted."
        onSuccess={() => router.push(path)}
      />
    </>
  );
}

/** The page shows the connection's state after a refusal too, so the refusal itself is a passing word. */
const toasting =
  <I, T>(action: Action<I, T>): Action<I, T> =>
  async (input) => {
    const result = await action(input);
    if (!result.ok) toast.error(result.error.provider?.message ?? result.error.detail);
    return result;
  };
