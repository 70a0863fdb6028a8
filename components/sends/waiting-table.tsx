"use client";

import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { TextLink } from "@/components/ui/text-link";
import { Time } from "@/components/ui/time";
import type { Resolution, Send } from "@/lib/sends/schema";
import { decisionLabel } from "./decision-words";
import { recipientOf, subjectOf } from "./send-table";
import type { useSelection } from "./use-selection";
import { type WaitingWords, waitingWords } from "./waiting-words";

type Props = {
  sends: Send[];
  /** Of the workspace. */
  path: string;
  /** Null where nothing can be decided. */
  selection: ReturnType<typeof useSelection> | null;
  onDecide: (as: Resolution, send: Send) => void;
};

/** Emails that wait for more than their turn: why, since when, what happens by itself, and what may be said about each. */
export function WaitingTable({ sends, path, selection, onDecide }: Props) {
  const open = sends.filter((send) => (waitingWords(send, path)?.choices.length ?? 0) > 0);
  return (
    <Table label="Emails that wait" className="table-fixed">
      <TableHead>
        {selection && (
          <Th className="w-10 pr-0">
            {open.length > 0 && <SelectAll count={open.length} selection={selection} />}
            <span className="sr-only">Select</span>
          </Th>
        )}
        <Th className="w-auto">Email</Th>
        <Th hide="md" className="w-[46%]">
          Why it waits
        </Th>
        <Th hide="sm" className="w-28">
          Since
        </Th>
      </TableHead>
      <TableBody>
        {sends.map((send) => {
          const words = waitingWords(send, path);
          return (
            <Tr key={send.id} className="align-top">
              {selection && (
                <Td className="w-10 pr-0 align-top">
                  {words && words.choices.length > 0 && <SelectOne send={send} selection={selection} />}
                </Td>
              )}
              <Td className="align-top">
                <RowLink href={`${path}/sends/${send.id}`} className="block truncate" title={send.to ?? undefined}>
                  {recipientOf(send)}
                </RowLink>
                <span className="block truncate text-muted">{subjectOf(send)}</span>
                {words && (
                  <div className="mt-1 md:hidden">
                    <Why words={words} />
                    {selection && <Choices send={send} words={words} onDecide={onDecide} />}
                  </div>
                )}
              </Td>
              <Td hide="md" className="align-top">
                {words && <Why words={words} />}
                {words && selection && <Choices send={send} words={words} onDecide={onDecide} />}
              </Td>
              <Td hide="sm" className="align-top text-muted">
                <Time at={send.waiting_since ?? send.created_at} />
              </Td>
            </Tr>
          );
        })}
      </TableBody>
    </Table>
  );
}

type Selection = NonNullable<Props["selection"]>;

function SelectAll({ count, selection }: { count: number; selection: Selection }) {
  const some = selection.selected.length > 0 && selection.selected.length < count;
  return (
    <Checkbox
      className="indeterminate:border-accent indeterminate:bg-accent-soft"
      aria-label="Select all on this page"
      checked={selection.selected.length === count}
      ref={(box) => {
        if (box) box.indeterminate = some;
      }}
      onChange={selection.toggleAll}
    />
  );
}

const SelectOne = ({ send, selection }: { send: Send; selection: Selection }) => (
  <Checkbox
    className="relative z-10 mt-0.5"
    aria-label={`Select the email to ${recipientOf(send)}`}
    checked={selection.isSelected(send.id)}
    onClick={(event) => selection.toggle(send.id, event)}
    onChange={() => undefined}
  />
);

/** Why, and what happens by itself; where one fact holds many, the way to it. */
function Why({ words: { why, next, at, mend } }: { words: WaitingWords }) {
  return (
    <>
      <span className="block">{why}</span>
      <span className="block text-muted">
        {next}
        {at && (
          <>
            {" "}
            Next look: <Time at={at} />.
          </>
        )}{" "}
        {mend && (
          <TextLink href={mend.href} className="relative z-10">
            {mend.label}
          </TextLink>
        )}
      </span>
    </>
  );
}

function Choices({ send, words, onDecide }: { send: Send; words: WaitingWords; onDecide: Props["onDecide"] }) {
  if (words.choices.length === 0) return null;
  return (
    <div className="relative z-10 mt-1.5 flex w-fit flex-wrap gap-1.5">
      {words.choices.map((as) => (
        <Button
          key={as}
          size="sm"
          aria-label={`${decisionLabel(as, [send])}: the email to ${recipientOf(send)}`}
          onClick={() => onDecide(as, send)}
        >
          {decisionLabel(as, [send])}
        </Button>
      ))}
    </div>
  );
}
