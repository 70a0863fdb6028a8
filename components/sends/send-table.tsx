import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Send } from "@/lib/sends/schema";
import { SendStatusBadge } from "./status-badge";

type Props = {
  sends: Send[];
  /** Each row leads to its page below it. */
  path: string;
  automationNames: ReadonlyMap<string, string>;
};

/** The send log, newest first. On small screens the subject stands below the recipient. */
export function SendTable({ sends, path, automationNames }: Props) {
  return (
    <Table label="Sends" className="table-fixed">
      <TableHead>
        <Th className="w-32 sm:w-36">Status</Th>
        <Th>To</Th>
        <Th hide="sm">Subject</Th>
        <Th hide="lg" className="w-48">
          Automation
        </Th>
        <Th hide="sm" className="w-28">
          When
        </Th>
      </TableHead>
      <TableBody>
        {sends.map((send) => (
          <Tr key={send.id}>
            <Td>
              <SendStatusBadge status={send.status} reason={send.reason} />
            </Td>
            <Td>
              <RowLink href={`${path}/${send.id}`} className="block truncate" title={send.to ?? undefined}>
                {recipientOf(send)}
              </RowLink>
              <span className="block truncate text-muted sm:hidden">{subjectOf(send)}</span>
            </Td>
            <Td hide="sm" className="truncate text-muted" title={subjectOf(send)}>
              {subjectOf(send)}
            </Td>
            <Td hide="lg" className="truncate text-muted">
              {send.automation_id === null
                ? "Test email"
                : (automationNames.get(send.automation_id) ?? "Deleted or older automation")}
            </Td>
            <Td hide="sm" className="text-muted">
              <Time at={send.sent_at ?? send.created_at} />
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}

export const recipientOf = ({ to, status }: Pick<Send, "to" | "status">): string =>
  to ?? (status === "queued" ? "No address yet" : "No address");

/** A subject is written when the email leaves: it may depend on the person. */
export const subjectOf = ({ subject, status }: Pick<Send, "subject" | "status">): string =>
  subject ?? (status === "skipped" || status === "failed" ? "Never written" : "Written when it leaves");
