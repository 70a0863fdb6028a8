import { History } from "lucide-react";
import type { Metadata } from "next";
import { AutomationHeader } from "@/components/automations/automation-header";
import { VersionTable } from "@/components/automations/version-table";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Pagination } from "@/components/ui/pagination";
import { getAutomation, listVersions } from "@/lib/automations";
import { listVersionsInput } from "@/lib/automations/schema";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";
import { listMembers } from "@/lib/workspaces";

export const metadata: Metadata = { title: "Versions" };

type Props = PageProps<"/[workspace]/automations/[id]/versions">;

// An address that makes no sense shows the newest.
const query = listVersionsInput.pick({ cursor: true }).strip().catch({});

export default async function AutomationVersionsPage({ params, searchParams }: Props) {
  const [{ workspace, id }, search] = await Promise.all([params, searchParams]);
  const actor = await requireActor(workspace);
  const { cursor } = query.parse(search);
  const [automation, page, members] = await orNotFound(
    Promise.all([getAutomation(actor, { id }), listVersions(actor, { id, cursor, limit: 50 }), listMembers(actor)]),
  );
  const path = `/${workspace}/automations`;
  const here = `${path}/${id}/versions`;
  return (
    <>
      <AutomationHeader automation={automation} path={path} />
      <Card flush>
        {page.data.length === 0 ? (
          <EmptyState icon={History} title="Never published">
            Each time it is published, what it does is kept here under a number.
          </EmptyState>
        ) : (
          <VersionTable
            versions={page.data}
            people={new Map(members.data.map(({ user_id, name, email }) => [user_id, name ?? email]))}
          />
        )}
        <Pagination first={cursor ? here : null} next={page.next_cursor && `${here}?cursor=${page.next_cursor}`} />
      </Card>
    </>
  );
}
