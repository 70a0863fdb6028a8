"use client";

import { Badge } from "@/components/ui/badge";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import type { Tone } from "@/components/ui/tone";
import type { PublishPreview } from "@/lib/automations/schema";
import { useBuilder } from "./builder-context";
import { allDraftSteps } from "./draft-tree";
import { inOrder, previewWords } from "./move-words";
import { stepWords } from "./new-step";

type Fate = PublishPreview["moves"][number]["to"];
const fates: Record<Fate, { label: string; tone: Tone }> = {
  same: { label: "Same step", tone: "good" },
  changed: { label: "Begin it now", tone: "info" },
  gone: { label: "Leave", tone: "warn" },
};

/** How many stand where, and what a move does to them. */
export function MoveTable({ moves }: Pick<PublishPreview, "moves">) {
  const { draft } = useBuilder();
  const kinds = new Map(allDraftSteps(draft.steps).map(({ id, type }) => [id, stepWords[type].label]));
  return (
    <Table label="Who would move" className="table-fixed">
      <TableHead>
        <Th>Stand at</Th>
        <Th hide="sm" className="w-24">
          From
        </Th>
        <Th className="w-20" numeric>
          People
        </Th>
        <Th className="w-32">Then</Th>
      </TableHead>
      <TableBody>
        {inOrder(moves).map(({ from_version, step_id, people, to }) => (
          <Tr key={`${from_version} ${step_id ?? ""}`}>
            <Td>
              {step_id === null ? (
                "Before the first step"
              ) : (
                <>
                  {kinds.has(step_id) && <span className="block text-muted text-xs">{kinds.get(step_id)}</span>}
                  <code className="block truncate font-mono text-xs" title={step_id}>
                    {step_id}
                  </code>
                </>
              )}
              <span className="block text-faint text-xs sm:hidden">{`Version ${from_version}`}</span>
            </Td>
            <Td hide="sm" className="text-muted">{`Version ${from_version}`}</Td>
            <Td numeric>{previewWords(people)}</Td>
            <Td>
              <Badge tone={fates[to].tone}>{fates[to].label}</Badge>
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}
