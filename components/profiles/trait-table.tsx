import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import type { Profile } from "@/lib/profiles/schema";
import { shownTrait } from "./trait-words";

/** What is known of a person, by name, each value with its type: conditions compare by both. */
export function TraitTable({ traits }: Pick<Profile, "traits">) {
  const named = Object.entries(traits).sort(([one], [other]) => one.localeCompare(other));
  return (
    <Card flush title="Traits" description="As your application sent them with identify.">
      {named.length === 0 ? (
        <EmptyState title="No traits yet">
          Send them with identify: an email address, a first name, a time zone, a plan.
        </EmptyState>
      ) : (
        <Table label="Traits" className="table-fixed">
          <TableHead>
            <Th className="w-2/5">Name</Th>
            <Th>Value</Th>
            <Th hide="sm" className="w-24">
              Type
            </Th>
          </TableHead>
          <TableBody>
            {named.map(([name, value]) => {
              const { text, type } = shownTrait(value);
              return (
                <Tr key={name}>
                  <Td className="break-all align-top font-mono text-xs">{name}</Td>
                  <Td className="whitespace-pre-wrap align-top [overflow-wrap:anywhere]">{text}</Td>
                  <Td hide="sm" className="align-top text-faint">
                    {type}
                  </Td>
                </Tr>
              );
            })}
          </TableBody>
        </Table>
      )}
    </Card>
  );
}
