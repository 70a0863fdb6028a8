import { Plus, Workflow } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { AutomationTable } from "@/components/automations/automation-table";
import { statusWords } from "@/components/automations/step-summary";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { FilterLinks } from "@/components/ui/tabs";
import { listAutomations } from "@/lib/automations";
import { automationStatuses, listAutomationsInput } from "@/lib/automations/schema";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Automations" };

// An address that makes no sense shows the whole list.
const query = listAutomationsInput.pick({ status: true, cursor: true }).strip().catch({});

export default async function AutomationsPage({ params, searchParams }: PageProps<"/[workspace]/automations">) {
  const [{ workspace }, search] = await Promise.all([params, searchParams]);
  const actor = await requireActor(workspace);
  const { status, cursor } = query.parse(search);
  const page = await listAutomations(actor, { status, cursor, limit: 50 });
  const path = `/${workspace}/automations`;
  const view = status ? `${path}?status=${status}` : path;
  const none = page.data.length === 0 && cursor === undefined;
  const add = actor.permissions.has("automations:write") && (
    <Button asChild variant="primary">
      <Link href={`${path}/new`}>
        <Plus aria-hidden /> New automation
      </Link>
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Automations"
        description="An event starts it, people go through its steps, and email leaves."
        actions={!(none && status === undefined) && add}
      />
      {!(none && status === undefined) && (
        <div className="mb-3">
          <FilterLinks
            label="Status"
            items={[
              { href: path, label: "All", active: status === undefined },
              ...automationStatuses.map((one) => ({
                href: `${path}?status=${one}`,
                label: statusWords[one].label,
                active: one === status,
              })),
            ]}
          />
        </div>
      )}
      <Card flush>
        {page.data.length > 0 && <AutomationTable automations={page.data} path={path} />}
        {none && status === undefined && (
          <EmptyState icon={Workflow} title="No automation yet" action={add}>
            {add
              ? "Make the first one: say which event starts it, add an email, and publish."
              : "An owner, admin or marketer of the workspace can make one."}
          </EmptyState>
        )}
        {none && status !== undefined && (
          <EmptyState title={`Nothing is ${statusWords[status].label.toLowerCase()}`}>
            {statusWords[status].means}
          </EmptyState>
        )}
        <Pagination
          first={cursor ? view : null}
          next={page.next_cursor && `${view}${status ? "&" : "?"}cursor=${page.next_cursor}`}
        />
      </Card>
    </>
  );
}
