"use client";

import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import type { DeleteSuppressionInput, Suppression } from "@/lib/suppressions/schema";
import { liftingWords } from "./suppression-words";

export type Lift = Action<DeleteSuppressionInput, null>;

type Props = {
  suppression: Suppression;
  /** Where it holds, in words. */
  where: string;
  lift: Lift;
};

/** Removes a suppression, after saying what that means. */
export function LiftSuppression({ suppression, where, lift }: Props) {
  const { email, scope, connection_id: connectionId, stream } = suppression;
  const place = scope === "stream" && connectionId && stream ? { connection_id: connectionId, stream } : {};
  return (
    <ConfirmDialog
      title="Remove this suppression?"
      description={<p className="[overflow-wrap:anywhere]">{liftingWords(suppression, where)}</p>}
      confirm="Remove suppression"
      success="Suppression removed."
      action={lift}
      input={{ email, ...place }}
      trigger={
        <Button size="sm" aria-label={`Remove the suppression of ${email}`}>
          Remove
        </Button>
      }
    />
  );
}
