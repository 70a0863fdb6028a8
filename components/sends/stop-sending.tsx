"use client";

import { OctagonPause } from "lucide-react";
import { useState } from "react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { RadioCards } from "@/components/ui/radio-cards";
import type { SendingState } from "@/lib/sends/schema";

type Queued = "hold" | "skip";

/** Stops everything of the workspace. How it goes on again stands above every page while it is stopped. */
export function StopSending({ stop }: { stop: Action<{ queued: Queued }, SendingState> }) {
  const [queued, setQueued] = useState<Queued>("hold");
  return (
    <ConfirmDialog
      title="Stop all sending?"
      description="No email leaves this workspace, nobody enters an automation and nobody moves on, until someone resumes sending. What the provider has already taken cannot be called back."
      confirm="Stop all sending"
      success="All sending is stopped."
      action={stop}
      input={{ queued }}
      trigger={
        <Button>
          <OctagonPause aria-hidden /> Stop all sending
        </Button>
      }
    >
      <RadioCards
        legend="Emails that are queued now"
        name="queued"
        value={queued}
        onValueChange={(value) => setQueued(value === "skip" ? "skip" : "hold")}
        options={[
          {
            value: "hold",
            label: "Hold them",
            description: "They wait. When sending is resumed, you decide whether they still go.",
          },
          { value: "skip", label: "Skip them", description: "They are never sent. This cannot be undone." },
        ]}
      />
    </ConfirmDialog>
  );
}
