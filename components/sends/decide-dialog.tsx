"use client";

import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions, DialogClose } from "@/components/ui/dialog";
import type { Resolution, Send } from "@/lib/sends/schema";
import { decisionWords } from "./decision-words";
import type { Progress } from "./use-deciding";

type Props = {
  /** Null: closed. `count` when more are meant than are at hand. */
  asked: { as: Resolution; sends: readonly Pick<Send, "status">[]; count?: number } | null;
  /** Null: nothing is being done. */
  progress: Progress | null;
  /** Why it was refused. */
  error?: string | undefined;
  onConfirm: () => void;
  onClose: () => void;
};

/** Says what a decision means before it is made, and how far it is. */
export function DecideDialog({ asked, progress, error, onConfirm, onClose }: Props) {
  if (asked === null) return null;
  const words = decisionWords(asked.as, asked.sends, asked.count);
  return (
    <Dialog
      title={words.title}
      description={<Meaning said={words.meaning} />}
      open
      onOpenChange={() => !progress && onClose()}
    >
      {progress && progress.total > 1 && (
        <div className="space-y-1.5 text-sm" aria-live="polite">
          <progress
            className="h-1.5 w-full accent-current"
            aria-label="Decided"
            value={progress.done}
            max={progress.total}
          />
          <p className="text-muted tabular-nums">{`${progress.done} of ${progress.total}`}</p>
        </div>
      )}
      {error && (
        <Banner tone="bad" live>
          {error}
        </Banner>
      )}
      <DialogActions>
        <DialogClose>
          <Button disabled={progress !== null}>Cancel</Button>
        </DialogClose>
        <Button variant={words.tone} pending={progress !== null} onClick={onConfirm}>
          {words.confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Meaning({ said }: { said: readonly string[] }) {
  return (
    <div className="space-y-1.5">
      {said.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  );
}
