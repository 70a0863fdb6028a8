import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Pagination } from "@/components/ui/pagination";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { AuditEntry } from "@/lib/workspaces/schema";
import { actionWords, factWords } from "./audit-words";

type Props = { entries: AuditEntry[]; path: string; first: boolean; next: string | null };

/** Who changed what, newest first. */
export function AuditLog({ entries, path, first, next }: Props) {
  return (
    <Card flush title="Audit log" description="Every change of settings, people, keys, connections and automations.">
      {entries.length === 0 ? (
        <EmptyState title="Nothing yet">Changes appear here, with who made them.</EmptyState>
      ) : (
        <Table label="Audit log">
          <TableHead>
            <Th>What</Th>
            <Th hide="sm">Who</Th>
            <Th>When</Th>
          </TableHead>
          <TableBody>
            {entries.map((entry) => (
              <Tr key={entry.id}>
                <Td className="min-w-40">
                  <span className="font-medium">{actionWords(entry.action)}</span>
                  {entry.subject && <span className="wrap-anywhere text-muted"> {entry.subject}</span>}
                  <span className="block text-faint text-xs">{factWords(entry.data)}</span>
                  <span className="wrap-anywhere block text-faint text-xs sm:hidden">by {entry.actor}</span>
                </Td>
                <Td hide="sm" className="text-muted">
                  <span className="wrap-anywhere">{entry.actor}</span>
                  {entry.actor_kind.endsWith("_key") && <span className="block text-faint text-xs">by API key</span>}
                </Td>
                <Td className="text-muted">
                  <Time at={entry.created_at} />
                </Td>
              </Tr>
            ))}
          </TableBody>
        </Table>
      )}
      <Pagination first={first ? null : path} next={next && `${path}?cursor=${next}`} />
    </Card>
  );
}
