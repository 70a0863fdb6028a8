import { ScrollText } from "lucide-react";
import type { Metadata } from "next";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { AuditLog } from "@/components/workspaces/audit-log";
import { requireActor } from "@/lib/web/session";
import { listAudit } from "@/lib/workspaces";
import { listAuditInput } from "@/lib/workspaces/schema";

export const metadata: Metadata = { title: "Audit log" };

export default async function AuditPage({ params, searchParams }: PageProps<"/[workspace]/settings/audit">) {
  const [{ workspace: slug }, { cursor }] = await Promise.all([params, searchParams]);
  const actor = await requireActor(slug);
  if (!actor.permissions.has("workspace:write"))
    return (
      <Card>
        <EmptyState icon={ScrollText} title="The audit log is for owners and admins">
          Your role cannot read it. Ask an owner or admin of the workspace.
        </EmptyState>
      </Card>
    );
  const page = await listAudit(actor, listAuditInput.catch({ limit: 50 }).parse({ cursor }));
  return (
    <AuditLog
      entries={page.data}
      path={`/${slug}/settings/audit`}
      first={cursor === undefined}
      next={page.next_cursor}
    />
  );
}
