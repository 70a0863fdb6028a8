"use client";

import { useState } from "react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { RadioCards } from "@/components/ui/radio-cards";
import { TextLink } from "@/components/ui/text-link";
import type { AnyAutomation } from "@/lib/automations/schema";

type PauseProps = { id: string; pause: Action<{ id: string; queued: "hold" | "skip" }, AnyAutomation> };

/** Pauses, and asks what becomes of the emails that wait. */
export function PauseButton({ id, pause }: PauseProps) {
  const [queued, setQueued] = useState<"hold" | "skip">("hold");
  return (
    <ConfirmDialog
      title="Pause this automation?"
      description="Nobody enters and nobody goes on. Exit rules still count, and time goes on: waits end while it is paused."
      confirm="Pause automation"
      tone="primary"
      trigger={<Button>Pause</Button>}
      action={pause}
      input={{ id, queued }}
      success="Paused."
    >
      <RadioCards
        legend="Emails that are queued now"
        name="queued"
        value={queued}
        onValueChange={(value) => setQueued(value === "skip" ? "skip" : "hold")}
        options={[
          { value: "hold", label: "Hold them", description: "They leave when it is resumed." },
          { value: "skip", label: "Skip them", description: "They are never sent. This cannot be undone." },
        ]}
      />
    </ConfirmDialog>
  );
}

type ResumeProps = {
  id: string;
  /** Where late emails wait for somebody to decide. */
  heldPath: string;
  resume: Action<{ id: string; overdue: "send" | "skip" }, AnyAutomation>;
};

/** Resumes, and asks what becomes of the emails whose time has passed. */
export function ResumeButton({ id, heldPath, resume }: ResumeProps) {
  const [overdue, setOverdue] = useState<"send" | "skip">("send");
  return (
    <ConfirmDialog
      title="Resume this automation?"
      description="People enter again, and those who are in it go on from where they stand."
      confirm="Resume automation"
      tone="primary"
      trigger={<Button variant="primary">Resume</Button>}
      action={resume}
      input={{ id, overdue }}
      success="Resumed."
    >
      <RadioCards
        legend="Emails whose time came while it was paused"
        name="overdue"
        value={overdue}
        onValueChange={(value) => setOverdue(value === "skip" ? "skip" : "send")}
        options={[
          {
            value: "send",
            label: "Send them now",
            description: "Except what is more than 24 hours late: that is held until a person decides.",
          },
          { value: "skip", label: "Skip them", description: "They are never sent. This cannot be undone." },
        ]}
      />
      <p className="mt-3 text-muted text-sm">
        Held emails wait under <TextLink href={heldPath}>Sends → Held</TextLink>, where someone says send or skip, one
        by one or all at once.
      </p>
    </ConfirmDialog>
  );
}
