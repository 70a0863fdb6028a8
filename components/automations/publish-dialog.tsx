"use client";

import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import { RadioCards } from "@/components/ui/radio-cards";
import type { PublishPreview } from "@/lib/automations/schema";
import type { InFlight } from "./lifecycle";
import { MoveTable } from "./move-table";
import { leaveWords, movedWords } from "./move-words";

type Props = {
  /** Counted when the dialog was opened. */
  preview: PublishPreview;
  /** It is paused, and publishing resumes it. */
  resumes: boolean;
  pending: boolean;
  publish: (inFlight: InFlight) => void;
  recount: () => void;
  close: () => void;
};

/** Asks what becomes of those who are under way in another version, and shows it before it happens. */
export function PublishDialog({ preview, resumes, pending, publish, recount, close }: Props) {
  const [inFlight, setInFlight] = useState<InFlight>("finish");
  const { version } = preview;
  const moving = inFlight === "move";
  return (
    <Dialog
      size="lg"
      open
      onOpenChange={(open) => !open && close()}
      title={`Publish version ${version}?`}
      description={`${movedWords(preview)} under way in another version. Whoever enters from now on gets version ${version}.${resumes ? " That resumes it, too." : ""}`}
    >
      <div className="space-y-4">
        <RadioCards
          legend="Those who are under way"
          name="in_flight"
          value={inFlight}
          onValueChange={(value) => setInFlight(value === "move" ? "move" : "finish")}
          options={[
            {
              value: "finish",
              label: "Finish on their version",
              description: "They go on as they began. Nothing changes for them.",
            },
            {
              value: "move",
              label: "Move to the new version",
              description:
                "Each goes on at the step of the same id, with its due time; where that is another kind of step now, they begin it at once. A step that they passed already is passed over. Where the step is gone, they leave, and what is queued for them is dropped; other queued emails stay as they are.",
            },
          ]}
        />
        {moving && (
          <section aria-label="What moving does" className="space-y-2">
            <div className="flex items-center justify-between gap-2">
              <h3 className="font-medium text-sm">Where they stand now</h3>
              <Button size="sm" variant="ghost" onClick={recount} disabled={pending}>
                <RefreshCw aria-hidden /> Count again
              </Button>
            </div>
            <div className="overflow-hidden rounded-lg border border-line">
              {preview.moves.length > 0 ? (
                <MoveTable moves={preview.moves} />
              ) : (
                <p className="px-3 py-2 text-muted text-sm">Nobody is under way in another version any more.</p>
              )}
            </div>
            {preview.removed > 0 && <Banner tone="warn">{leaveWords(preview)}</Banner>}
          </section>
        )}
      </div>
      <DialogActions>
        <DialogClose>
          <Button>Cancel</Button>
        </DialogClose>
        <Button variant="primary" pending={pending} onClick={() => publish(inFlight)}>
          {moving ? "Publish and move" : "Publish"}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
