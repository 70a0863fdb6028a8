"use client";

import { useState } from "react";
import { ConfirmDialog } from "@/components/form/confirm-dialog";
import type { Action } from "@/components/form/use-action";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { RadioCards } from "@/components/ui/radio-cards";
import { Time } from "@/components/ui/time";

type Overdue = "send" | "skip";
/** `resume` is null for those who may not. */
type Props = { since: string; resume: Action<{ overdue: Overdue }> | null };

/** Says that the workspace sends nothing, since when, and who can change that. */
export function SendingStopped({ since, resume }: Props) {
  const [overdue, setOverdue] = useState<string>("send");
  return (
    <Banner
      tone="warn"
      title={
        <>
          All sending is stopped (<Time at={since} />
          ).
        </>
      }
      action={
        resume && (
          <ConfirmDialog
            title="Resume sending?"
            description="Queued emails go out again from now on."
            confirm="Resume sending"
            tone="primary"
            success="Sending is resumed."
            action={resume}
            input={{ overdue: overdue === "skip" ? "skip" : "send" }}
            trigger={<Button size="sm">Resume sending</Button>}
          >
            <RadioCards
              legend="Emails whose time came meanwhile"
              name="overdue"
              value={overdue}
              onValueChange={setOverdue}
              options={[
                {
                  value: "send",
                  label: "Send them",
                  description: "Those more than 24 hours late wait for a person’s word.",
                },
                {
                  value: "skip",
                  label: "Skip them",
                  description: "They are never sent; people go on with the next step.",
                },
              ]}
            />
          </ConfirmDialog>
        )
      }
    >
      {resume
        ? "Nothing leaves this workspace until sending is resumed."
        : "Nothing leaves this workspace until an owner, admin or marketer resumes sending."}
    </Banner>
  );
}
