import { Send as SendIcon } from "lucide-react";
import Link from "next/link";
import { recipientOf, subjectOf } from "@/components/sends/send-table";
import { SendStatusBadge } from "@/components/sends/status-badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Send } from "@/lib/sends/schema";

/** The newest emails, each leading to its page in the send log at `path`. */
export function RecentSends({ sends, path }: { sends: Send[]; path: string }) {
  const all = (
    <Button asChild size="sm" variant="ghost">
      <Link href={path}>Open send log</Link>
    </Button>
  );
  return (
    <Card flush title="Recent sends" actions={sends.length > 0 && all}>
      {sends.length === 0 ? (
        <EmptyState icon={SendIcon} title="No emails yet">
          They appear here the moment an automation sends one.
        </EmptyState>
      ) : (
        <Table label="Recent sends" className="table-fixed">
          <TableHead>
            <Th>To</Th>
            <Th hide="sm">Subject</Th>
            <Th className="w-32">Status</Th>
            <Th hide="sm" className="w-32">
              When
            </Th>
          </TableHead>
          <TableBody>
            {sends.map((send) => (
              <Tr key={send.id}>
                <Td className="truncate">
                  <RowLink href={`${path}/${send.id}`}>{recipientOf(send)}</RowLink>
                </Td>
                <Td hide="sm" className="truncate text-muted">
                  {subjectOf(send)}
                </Td>
                <Td>
                  <SendStatusBadge status={send.status} reason={send.reason} />
                </Td>
                <Td hide="sm" className="text-muted">
                  <Time at={send.sent_at ?? send.created_at} />
                </Td>
              </Tr>
            ))}
          </TableBody>
        </Table>
      )}
    </Card>
  );
}
