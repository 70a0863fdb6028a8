"use client";

import { useState } from "react";
import { type Action, useAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import type { Resolution, Send, SendWithEvents } from "@/lib/sends/schema";
import { DecideDialog } from "./decide-dialog";
import { decisionLabel } from "./decision-words";

type Props = {
  send: Pick<Send, "id" | "status">;
  choices: readonly Resolution[];
  resolve: Action<{ id: string; as: Resolution }, SendWithEvents>;
};

/** What a person may say about one email, on its page. */
export function DecideSend({ send, choices, resolve }: Props) {
  const [as, setAs] = useState<Resolution | null>(null);
  const { run, pending, error, clear } = useAction(resolve, { success: "Decided.", onSuccess: () => setAs(null) });
  const close = () => {
    clear();
    setAs(null);
  };
  return (
    <>
      {choices.map((choice) => (
        <Button key={choice} size="sm" onClick={() => setAs(choice)}>
          {decisionLabel(choice, [send])}
        </Button>
      ))}
      <DecideDialog
        asked={as && { as, sends: [send] }}
        progress={pending ? { done: 0, total: 1 } : null}
        error={error?.detail}
        onConfirm={() => as && run({ id: send.id, as })}
        onClose={close}
      />
    </>
  );
}
