import { Card } from "@/components/ui/card";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Connection } from "@/lib/connections/schema";
import { BreakerBadge } from "./breaker-notice";
import { isPostmark } from "./provider-words";
import { ConnectionStatusBadge } from "./status-badge";
import { streamOf } from "./stream-words";

/** The connections of a workspace, each row leading to its page below `path`. */
export function ConnectionTable({ connections, path }: { connections: Connection[]; path: string }) {
  return (
    <Card flush>
      <Table label="Connections" className="table-fixed">
        <TableHead>
          <Th>Name</Th>
          <Th className="w-32">Status</Th>
          <Th hide="md">Server</Th>
          <Th hide="md">Stream</Th>
          <Th hide="sm" className="w-40">
            Last validated
          </Th>
        </TableHead>
        <TableBody>
          {connections.map((connection) => (
            <Tr key={connection.id}>
              <Td>
                <RowLink href={`${path}/${connection.id}`} className="block truncate" title={connection.display_name}>
                  {connection.display_name}
                </RowLink>
                <span className="block truncate text-muted">
                  {connection.is_default && "Default · "}
                  {connection.from_email ?? "Sender set by each step"}
                </span>
              </Td>
              <Td>
                <ConnectionStatusBadge status={connection.status} /> <BreakerBadge breaker={connection.breaker} />
              </Td>
              <Td hide="md" className="truncate text-muted">
                {connection.server?.name ?? "Not known yet"}
              </Td>
              <Td hide="md" className="truncate">
                {isPostmark(connection) ? <code className="font-mono">{streamOf(connection)}</code> : "–"}
              </Td>
              <Td hide="sm" className="text-muted">
                {connection.last_validated_at ? <Time at={connection.last_validated_at} /> : "Never"}
              </Td>
            </Tr>
          ))}
        </TableBody>
      </Table>
    </Card>
  );
}
