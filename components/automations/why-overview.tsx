import { Workflow } from "lucide-react";
import { EmptyState } from "@/components/ui/empty-state";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import type { WhyEverywhere } from "@/lib/dispatch/schema";
import { AutomationStatusBadge } from "./status-badge";
import { WhySentence } from "./why-sentence";

type Props = {
  automations: WhyEverywhere["automations"];
  /** The answer about one of them, by its id. */
  hrefOf: (automationId: string) => string;
};

/** How a person stands in each automation that runs: one line each. */
export function WhyOverview({ automations, hrefOf }: Props) {
  if (automations.length === 0)
    return (
      <EmptyState icon={Workflow} title="No automation runs">
        Once one is live, this says for each person how they stand in it.
      </EmptyState>
    );
  return (
    <Table label="Automations" className="table-fixed">
      <TableHead>
        <Th className="w-2/5 sm:w-1/4">Automation</Th>
        <Th>How it stands</Th>
      </TableHead>
      <TableBody>
        {automations.map(({ automation_id, name, status, answer }) => (
          <Tr key={automation_id}>
            <Td className="align-top">
              <RowLink href={hrefOf(automation_id)} className="block [overflow-wrap:anywhere]">
                {name}
              </RowLink>
              {status !== "live" && <AutomationStatusBadge status={status} />}
            </Td>
            <Td className="align-top text-muted [overflow-wrap:anywhere]">
              <WhySentence text={answer.sentence} />
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}
