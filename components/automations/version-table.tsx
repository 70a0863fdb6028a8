import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { CodeBlock } from "@/components/ui/code-block";
import { Dialog } from "@/components/ui/dialog";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { AutomationVersion } from "@/lib/automations/schema";

type Props = {
  versions: AutomationVersion[];
  /** User id → what they are called. */
  people: ReadonlyMap<string, string>;
};

/** What was published under each number. */
export function VersionTable({ versions, people }: Props) {
  return (
    <Table label="Versions">
      <TableHead>
        <Th>Version</Th>
        <Th>Published</Th>
        <Th hide="sm">By</Th>
        <Th>
          <span className="sr-only">Definition</span>
        </Th>
      </TableHead>
      <TableBody>
        {versions.map((version) => (
          <Tr key={version.number}>
            <Td className="whitespace-nowrap font-medium">
              {version.number}{" "}
              {version.live && (
                <Badge tone="good" dot>
                  Live
                </Badge>
              )}
            </Td>
            <Td className="text-muted">
              <Time at={version.published_at} />
            </Td>
            <Td hide="sm" className="break-all text-muted">
              {people.get(version.published_by) ?? "An API key, or a former member"}
            </Td>
            <Td className="text-right">
              <Definition version={version} />
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}

function Definition({ version }: { version: AutomationVersion }) {
  const { number, definition, definition_error } = version;
  if (definition === null) return <span className="text-bad">{definition_error}</span>;
  return (
    <Dialog
      title={`Version ${number}`}
      description="As it was published. It never changes."
      size="lg"
      trigger={
        <Button size="sm">
          View<span className="sr-only">{` version ${number}`}</span>
        </Button>
      }
    >
      <CodeBlock label={`Definition of version ${number}`} code={JSON.stringify(definition, null, 2)} />
    </Dialog>
  );
}
