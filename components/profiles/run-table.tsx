import { Workflow } from "lucide-react";
import { reasonWords } from "@/components/sends/event-words";
import { Badge } from "@/components/ui/badge";
import { EmptyState } from "@/components/ui/empty-state";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Tone } from "@/components/ui/tone";
import type { PersonEnrollment } from "@/lib/sends/schema";

const statuses: Record<PersonEnrollment["status"], { label: string; tone: Tone }> = {
  active: { label: "Active", tone: "info" },
  completed: { label: "Completed", tone: "good" },
  exited: { label: "Exited", tone: "neutral" },
};

/** A person's runs through automations, newest first, each leading to the automation below `path`. */
export function RunTable({ runs, path }: { runs: PersonEnrollment[]; path: string }) {
  if (runs.length === 0)
    return (
      <EmptyState icon={Workflow} title="In no automation">
        This person has entered none so far.
      </EmptyState>
    );
  return (
    <Table label="Automations" className="table-fixed">
      <TableHead>
        <Th>Automation</Th>
        <Th className="w-28">Status</Th>
        <Th hide="sm">Step</Th>
        <Th hide="md" className="w-28">
          Entered
        </Th>
        <Th hide="sm" className="w-44">
          Then
        </Th>
      </TableHead>
      <TableBody>
        {runs.map((run) => (
          <Tr key={run.id}>
            <Td>
              <RowLink href={`${path}/${run.automation_id}`} className="block truncate" title={run.automation_name}>
                {run.automation_name}
              </RowLink>
              <span className="block text-faint text-xs">Version {run.version}</span>
              <span className="block text-muted text-xs sm:hidden">
                <Then run={run} />
              </span>
            </Td>
            <Td>
              <Badge tone={statuses[run.status].tone} dot>
                {statuses[run.status].label}
              </Badge>
            </Td>
            <Td hide="sm" className="truncate font-mono text-muted text-xs">
              {run.step_id}
            </Td>
            <Td hide="md" className="text-muted">
              <Time at={run.entered_at} />
            </Td>
            <Td hide="sm" className="text-muted">
              <Then run={run} />
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}

/** What comes next, or how it ended. */
function Then({ run }: { run: PersonEnrollment }) {
  const why = run.reason === null ? null : reasonWords(run.reason);
  if (run.ended_at !== null)
    return (
      <>
        Ended <Time at={run.ended_at} />
        {why && <span className="block text-xs">{why}</span>}
      </>
    );
  if (run.due_at === null) return why ?? "Moves on when its email is settled";
  return (
    <>
      Goes on <Time at={run.due_at} />
    </>
  );
}
