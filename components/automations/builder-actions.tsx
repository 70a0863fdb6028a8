"use client";

import { Button } from "@/components/ui/button";
import type { AnyAutomation } from "@/lib/automations/schema";
import type { Lifecycle } from "./lifecycle";
import { PauseButton, ResumeButton } from "./lifecycle-dialogs";
import { MoreActions } from "./more-actions";
import type { useSaving } from "./use-saving";

type Props = {
  automation: AnyAutomation;
  path: string;
  /** Where late emails wait for somebody to decide. */
  heldPath: string;
  lifecycle: Lifecycle;
  saving: ReturnType<typeof useSaving>;
  dirty: boolean;
};

/** What can be done with an automation in its status. */
export function BuilderActions({ automation, path, heldPath, lifecycle, saving, dirty }: Props) {
  const { id, status } = automation;
  const more = (
    <MoreActions automation={automation} path={path} archive={lifecycle.archive} remove={lifecycle.remove} />
  );
  if (status === "archived") return more;
  const nothingNew = status === "live" && !dirty && !automation.unpublished_changes;
  return (
    <>
      {status === "live" && <PauseButton id={id} pause={lifecycle.pause} />}
      <Button onClick={saving.save} disabled={saving.pending || !dirty}>
        Save draft
      </Button>
      {status === "paused" && <ResumeButton id={id} heldPath={heldPath} resume={lifecycle.resume} />}
      <Button
        variant={status === "paused" ? "secondary" : "primary"}
        onClick={saving.publish}
        pending={saving.pending}
        disabled={nothingNew}
        title={nothingNew ? "What is here is what runs." : undefined}
      >
        Publish
      </Button>
      {more}
    </>
  );
}
