"use client";

import { type ReactNode, useState } from "react";
import { Button } from "@/components/ui/button";
import type { Resolution, Send } from "@/lib/sends/schema";
import { DecideDialog } from "./decide-dialog";
import { DecideOutcome } from "./decide-outcome";
import { countWords, decisionLabel } from "./decision-words";
import { recipientOf } from "./send-table";
import { inPages, inPieces, type ListWaiting, type Resolve, useDeciding } from "./use-deciding";
import { isEverything, useSelection } from "./use-selection";
import { WaitingTable } from "./waiting-table";
import { waitingWords } from "./waiting-words";

type Props = {
  sends: Send[];
  /** Of the workspace. */
  path: string;
  /** Null for who may only look. */
  resolve: Resolve | null;
  /** What stands here while none waits; what came of the last decision stands above it. */
  empty: ReactNode;
  /** Where there are more than on this page, and all of them open to a decision: which view it is, how to read it, and how many. */
  rest: { list: ListWaiting; view: Parameters<typeof inPages>[1]; count: number } | null;
};

/** What the dialog speaks of, as it was when it opened: the page goes on reading. `rest`: all of that view. */
type Asked = { as: Resolution; sends: Send[]; rest: Props["rest"] };

/** Emails that wait, and what becomes of them: one by one, those that are chosen, or all of the view. */
export function WaitingSends({ sends, path, resolve, empty, rest }: Props) {
  const open = sends.filter((send) => (waitingWords(send, path)?.choices.length ?? 0) > 0);
  const selection = useSelection(open.map(({ id }) => id));
  const [asked, setAsked] = useState<Asked | null>(null);
  const [recipients, setRecipients] = useState<ReadonlyMap<string, string>>(new Map());
  const { decide, progress, outcome, forget } = useDeciding(resolve ?? noRight);
  const chosen = open.filter(({ id }) => selection.isSelected(id));
  const everything = isEverything({
    all: selection.all,
    rest: rest !== null,
    chosen: chosen.length,
    open: open.length,
  });

  const confirm = async () => {
    if (asked === null) return;
    setRecipients(new Map(sends.map((send) => [send.id, recipientOf(send)])));
    const { as, sends: meant, rest: view } = asked;
    const pieces = view ? inPages(view.list, view.view) : inPieces(meant);
    await decide(as, pieces, view ? view.count : meant.length);
    setAsked(null);
    selection.clear();
  };

  return (
    <>
      {outcome && (
        <div className="px-4 pt-4 sm:px-5">
          <DecideOutcome outcome={outcome} recipients={recipients} onClose={forget} />
        </div>
      )}
      {resolve && open.length > 0 && (
        <SelectionBar
          chosen={chosen}
          open={open}
          path={path}
          rest={rest && chosen.length === open.length ? rest.count : null}
          everything={everything}
          onDecide={(as) => setAsked({ as, sends: chosen, rest: everything ? rest : null })}
          onAll={selection.chooseAll}
          onClear={selection.clear}
        />
      )}
      {sends.length === 0 ? (
        empty
      ) : (
        <WaitingTable
          sends={sends}
          path={path}
          selection={resolve && open.length > 0 ? selection : null}
          onDecide={(as, send) => setAsked({ as, sends: [send], rest: null })}
        />
      )}
      <DecideDialog
        asked={asked && { as: asked.as, sends: asked.sends, ...(asked.rest && { count: asked.rest.count }) }}
        progress={progress}
        onConfirm={() => void confirm()}
        onClose={() => setAsked(null)}
      />
    </>
  );
}

const noRight: Resolve = async () => ({ ok: false, error: { error: "forbidden", detail: "You may only look." } });

type BarProps = {
  chosen: Send[];
  open: Send[];
  path: string;
  /** How many the whole view has, when it has more than are chosen. */
  rest: number | null;
  /** That all of the view is chosen. */
  everything: boolean;
  onDecide: (as: Resolution) => void;
  onAll: () => void;
  onClear: () => void;
};

const order: Resolution[] = ["sent", "again", "skip"];
const choicesOf = (sends: readonly Send[], path: string): Resolution[] =>
  order.filter((as) => sends.some((send) => waitingWords(send, path)?.choices.includes(as)));

/** What can be done with the chosen ones. Always there, so that choosing moves nothing. */
function SelectionBar({ chosen, open, path, rest, everything, onDecide, onAll, onClear }: BarProps) {
  const possible = choicesOf(chosen, path);
  return (
    <section
      aria-label="Chosen emails"
      className="flex min-h-11 flex-wrap items-center gap-2 border-line border-b px-4 py-2 text-sm sm:px-5"
    >
      <span className="mr-auto flex flex-wrap items-center gap-x-2 text-muted" aria-live="polite">
        {chosen.length === 0
          ? "Choose several to decide about them at once."
          : `${everything && rest !== null ? `All ${countWords(rest)}` : chosen.length} chosen`}
        {rest !== null && !everything && (
          <Button variant="link" onClick={onAll}>
            {`Choose all ${countWords(rest)}`}
          </Button>
        )}
        {chosen.length > 0 && (
          <Button variant="link" onClick={onClear}>
            Clear
          </Button>
        )}
      </span>
      {choicesOf(open, path).map((as) => (
        <Button key={as} size="sm" disabled={!possible.includes(as)} onClick={() => onDecide(as)}>
          {decisionLabel(as, open)}
        </Button>
      ))}
    </section>
  );
}
