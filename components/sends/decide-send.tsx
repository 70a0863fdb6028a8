"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { type Action, useAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import type { Resolution, ResolveSendInput, Send, SendWithEvents } from "@/lib/sends/schema";
import { DecideDialog } from "./decide-dialog";
import { decisionLabel, seenAs } from "./decision-words";

type Props = {
  send: Pick<Send, "id" | "status" | "attempts">;
  choices: readonly Resolution[];
  resolve: Action<ResolveSendInput, SendWithEvents>;
};
/** The send as it was when the dialog opened: the page goes on reading, the answer is about what was said there. */
type Asked = { as: Resolution; send: Props["send"] };

/** What a person may say about one email, on its page. */
export function DecideSend({ send, choices, resolve }: Props) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const { run, pending, error, clear } = useAction(resolve, { success: "Decided.", onSuccess: () => setAsked(null) });
  const router = useRouter();
  const close = () => {
    if (error) router.refresh(); // a refusal says to look again
    clear();
    setAsked(null);
  };
  const confirm = ({ as, send: { id, attempts, ...seen } }: Asked) => run({ id, as, was: seenAs(seen), attempts });
  return (
    <>
      {choices.map((choice) => (
        <Button key={choice} size="sm" onClick={() => setAsked({ as: choice, send })}>
          {decisionLabel(choice, [send])}
        </Button>
      ))}
      <DecideDialog
        asked={asked && { as: asked.as, sends: [asked.send] }}
        progress={pending ? { done: 0, total: 1 } : null}
        error={error?.detail}
        onConfirm={() => asked && confirm(asked)}
        onClose={close}
      />
    </>
  );
}
