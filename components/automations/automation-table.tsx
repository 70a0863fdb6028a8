import { Badge } from "@/components/ui/badge";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { AnyAutomation } from "@/lib/automations/schema";
import { countWords } from "./count-words";
import { AutomationStatusBadge } from "./status-badge";

/** The automations of a workspace, each row leading to its page below `path`. */
export function AutomationTable({ automations, path }: { automations: AnyAutomation[]; path: string }) {
  return (
    <Table label="Automations" className="table-fixed">
      <TableHead>
        <Th>Name</Th>
        <Th className="w-28">Status</Th>
        <Th hide="md" className="w-36">
          Version
        </Th>
        <Th hide="sm" numeric className="w-24">
          Active
        </Th>
        <Th hide="md" numeric className="w-28">
          Completed
        </Th>
        <Th hide="lg" className="w-32">
          Updated
        </Th>
      </TableHead>
      <TableBody>
        {automations.map((automation) => (
          <Tr key={automation.id}>
            <Td>
              <RowLink href={`${path}/${automation.id}`} className="block truncate" title={automation.name}>
                {automation.name}
              </RowLink>
              <span className="block truncate text-muted">
                {automation.definition_error === null ? (
                  <code className="font-mono text-xs">{automation.trigger.event}</code>
                ) : (
                  "Cannot be read"
                )}
              </span>
            </Td>
            <Td>
              <AutomationStatusBadge status={automation.status} />
            </Td>
            <Td hide="md" className="text-muted">
              {automation.live_version === null ? "Never published" : `Version ${automation.live_version}`}
              {automation.live_version !== null && automation.unpublished_changes && (
                <span className="block">
                  <Badge tone="info">Draft differs</Badge>
                </span>
              )}
            </Td>
            <Td hide="sm" numeric>
              {countWords(automation.counts.active)}
            </Td>
            <Td hide="md" numeric>
              {countWords(automation.counts.completed)}
            </Td>
            <Td hide="lg" className="text-muted">
              <Time at={automation.updated_at} />
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}
