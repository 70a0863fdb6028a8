import { suppressionsTitle } from "@/components/suppressions/suppression-words";
import { Badge } from "@/components/ui/badge";
import { RowLink, Table, TableBody, TableHead, Td, Th, Tr } from "@/components/ui/table";
import { Time } from "@/components/ui/time";
import type { Profile } from "@/lib/profiles/schema";
import { profileName } from "./profile-name";

/** The people of a workspace, each row leading to its page below `path`. */
export function ProfileTable({ profiles, path }: { profiles: Profile[]; path: string }) {
  return (
    <Table label="People" className="table-fixed">
      <TableHead>
        <Th>Name</Th>
        <Th hide="sm">Email</Th>
        <Th hide="lg">External id</Th>
        <Th className="w-34">
          <span className="sr-only">State</span>
        </Th>
        <Th hide="sm" className="w-32">
          Created
        </Th>
      </TableHead>
      <TableBody>
        {profiles.map((profile) => (
          <Tr key={profile.id}>
            <Td>
              <RowLink href={`${path}/${profile.id}`} className="block truncate" title={profileName(profile)}>
                {profileName(profile)}
              </RowLink>
              <span className="block truncate text-muted sm:hidden">{profile.email ?? "No address"}</span>
            </Td>
            <Td hide="sm" className="truncate text-muted" title={profile.email ?? undefined}>
              {profile.email ?? <span className="text-faint">No address</span>}
            </Td>
            <Td hide="lg" className="truncate font-mono text-muted text-xs" title={profile.external_id ?? undefined}>
              {profile.external_id ?? <span className="font-sans text-faint text-sm">Anonymous</span>}
            </Td>
            <Td>
              {profile.suppressed.length > 0 && (
                <Badge tone="warn" title={suppressionsTitle(profile.suppressed)}>
                  Suppressed
                </Badge>
              )}
            </Td>
            <Td hide="sm" className="text-muted">
              <Time at={profile.created_at} />
            </Td>
          </Tr>
        ))}
      </TableBody>
    </Table>
  );
}
