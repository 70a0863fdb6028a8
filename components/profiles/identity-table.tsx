import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { EmptyState } from "@/components/ui/empty-state";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { IdentityEntry } from "@/lib/sends/schema";

const sources: Record<string, string> = {
  server: "from your server",
  browser: "from a browser",
};

/** Every id of a person, and the event that brought it. */
export function IdentityTable({ entries }: { entries: IdentityEntry[] }) {
  return (
    <Card
      flush
      title="Identity"
      description="Every id by which this person is known. Events under any of them belong to this person."
    >
      {entries.length === 0 ? (
        <EmptyState title="No ids">This person has none of your ids.</EmptyState>
      ) : (
        <Table label="Identity" className="table-fixed">
          <TableHead>
            <Th>Id</Th>
            <Th className="w-36">Kind</Th>
            <Th hide="sm" className="w-32">
              Attached
            </Th>
            <Th hide="sm">Brought by</Th>
          </TableHead>
          <TableBody>
            {entries.map((entry) => (
              <Tr key={`${entry.kind} ${entry.value}`}>
                <Td>
                  <span className="flex items-center gap-1">
                    <code className="min-w-0 break-all font-mono text-xs">{entry.value}</code>
                    <CopyButton text={entry.value} label={`Copy ${entry.value}`} className="-my-1.5" />
                  </span>
                  <span className="mt-0.5 block text-muted text-xs sm:hidden">
                    <Brought entry={entry} />
                  </span>
                </Td>
                <Td>
                  <Badge tone={entry.kind === "external" ? "accent" : "neutral"}>
                    {entry.kind === "external" ? "External" : "Anonymous"}
                  </Badge>
                </Td>
                <Td hide="sm" className="text-muted">
                  <Time at={entry.attached_at} />
                </Td>
                <Td hide="sm" className="text-muted">
                  <Brought entry={entry} />
                </Td>
              </Tr>
            ))}
          </TableBody>
        </Table>
      )}
    </Card>
  );
}

function Brought({ entry: { event } }: { entry: IdentityEntry }) {
  if (event === null) return "Not told by an event";
  return (
    <>
      <code className="break-all font-mono text-ink text-xs">{event.name}</code> {sources[event.source] ?? event.source}
      , <Time at={event.occurred_at} />
    </>
  );
}
