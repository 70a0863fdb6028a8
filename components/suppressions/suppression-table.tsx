import { Badge } from "@/components/ui/badge";
import { hrefWith } from "@/components/ui/href";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Suppression } from "@/lib/suppressions/schema";
import { type Lift, LiftSuppression } from "./lift-suppression";
import { originLabels, pushLabels, reasonLabels, scopeWords } from "./suppression-words";

type Props = {
  suppressions: Suppression[];
  connectionNames: ReadonlyMap<string, string>;
  /** Where people are: each row leads to those with its address. */
  profilesPath: string;
  /** Null for those who may not. */
  lift: Lift | null;
};

/** Whom the workspace does not write to, newest first. */
export function SuppressionTable({ suppressions, connectionNames, profilesPath, lift }: Props) {
  return (
    <Table label="Suppressions" className="table-fixed">
      <TableHead>
        <Th>Address</Th>
        <Th hide="sm" className="w-36">
          Reason
        </Th>
        <Th hide="md">Holds for</Th>
        <Th hide="lg" className="w-36">
          Origin
        </Th>
        <Th hide="sm" className="w-28">
          Since
        </Th>
        {lift && (
          <Th className="w-26">
            <span className="sr-only">Actions</span>
          </Th>
        )}
      </TableHead>
      <TableBody>
        {suppressions.map((suppression) => {
          const where = scopeWords(suppression, connectionNames);
          return (
            <Tr key={[suppression.email, where, suppression.stream, suppression.reason].join(" ")}>
              <Td>
                <RowLink
                  href={hrefWith(profilesPath, { q: suppression.email })}
                  className="block truncate"
                  title={suppression.email}
                >
                  {suppression.email}
                </RowLink>
                {suppression.push && <PushBadge push={suppression.push} />}
                <span className="mt-0.5 block sm:hidden">
                  <Reason of={suppression} />
                </span>
                <span className="block truncate text-muted text-xs md:hidden">{where}</span>
              </Td>
              <Td hide="sm">
                <Reason of={suppression} />
              </Td>
              <Td hide="md" className="truncate text-muted" title={where}>
                {where}
              </Td>
              <Td hide="lg" className="truncate text-muted">
                {originLabels[suppression.origin]}
              </Td>
              <Td hide="sm" className="text-muted">
                <Time at={suppression.created_at} />
              </Td>
              {lift && (
                <Td className="text-right">
                  <span className="relative z-10">
                    <LiftSuppression suppression={suppression} where={where} lift={lift} />
                  </span>
                </Td>
              )}
            </Tr>
          );
        })}
      </TableBody>
    </Table>
  );
}

function Reason({ of: { reason } }: { of: Pick<Suppression, "reason"> }) {
  const { label, tone, means } = reasonLabels[reason];
  return (
    <Badge tone={tone} title={means}>
      {label}
    </Badge>
  );
}

/** What of it is not at Postmark as it is here. */
function PushBadge({ push: { status, message } }: { push: NonNullable<Suppression["push"]> }) {
  const { label, tone, means } = pushLabels[status];
  return (
    <Badge tone={tone} title={message ? `${means}: ${message}` : means}>
      {label}
    </Badge>
  );
}
