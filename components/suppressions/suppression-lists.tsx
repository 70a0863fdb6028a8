"use client";

import { RefreshCw } from "lucide-react";
import { type Action, useAction } from "@/components/form/use-action";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { SuppressionListState, SuppressionListStates } from "@/lib/suppressions/schema";
import { listWords } from "./suppression-words";

type Props = {
  connectionId: string;
  title: string;
  lists: readonly SuppressionListState[];
  /** Null for those who may not. */
  sync: Action<{ id: string }, SuppressionListStates> | null;
};

/** How a connection's lists at Postmark compare with ours, stream by stream, and a button that reads them now. */
export function SuppressionLists({ connectionId, title, lists, sync }: Props) {
  return (
    <Card
      title={title}
      description="Read in full when the connection is validated and every six hours; what either side lacks is mended."
      actions={sync && <SyncNow connectionId={connectionId} sync={sync} />}
    >
      {lists.length === 0 ? (
        <p className="text-muted text-sm">Nothing was read yet. Validate the connection, then its lists are read.</p>
      ) : (
        <ul className="-my-2 divide-y divide-line text-sm">
          {lists.map((list) => (
            <ListRow key={list.stream} list={list} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function ListRow({ list }: { list: SuppressionListState }) {
  return (
    <li className="py-2">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="font-mono text-xs [overflow-wrap:anywhere]">{list.stream}</span>
        {list.synced_at && (
          <span className="text-muted text-xs">
            Read <Time at={list.synced_at} />
          </span>
        )}
      </p>
      <p className="mt-0.5 text-muted">{listWords(list)}</p>
      {list.pending_pushes > 0 && (
        <p className="text-info">
          {list.pending_pushes >= 1000 ? "1,000 or more" : list.pending_pushes} on their way to Postmark.
        </p>
      )}
      {list.error && (
        <p className="text-bad [overflow-wrap:anywhere]">
          {list.error}
          {list.due_at && (
            <>
              {" "}
              Tried again <Time at={list.due_at} />.
            </>
          )}
        </p>
      )}
    </li>
  );
}

function SyncNow({ connectionId, sync }: { connectionId: string; sync: NonNullable<Props["sync"]> }) {
  const { run, pending, error } = useAction(sync, { success: "Suppression lists read." });
  return (
    <span className="flex flex-wrap items-center justify-end gap-2">
      {error && (
        <span role="alert" className="text-bad text-sm">
          {error.detail}
        </span>
      )}
      <Button size="sm" pending={pending} onClick={() => run({ id: connectionId })}>
        <RefreshCw aria-hidden /> Sync now
      </Button>
    </span>
  );
}
