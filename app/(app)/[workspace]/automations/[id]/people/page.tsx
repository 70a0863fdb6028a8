import { Users } from "lucide-react";
import type { Metadata } from "next";
import { AutomationHeader } from "@/components/automations/automation-header";
import { EnrollmentTable, enrollmentWords } from "@/components/automations/enrollment-table";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Pagination } from "@/components/ui/pagination";
import { FilterLinks } from "@/components/ui/tabs";
import { getAutomation, listEnrollments } from "@/lib/automations";
import { enrollmentStatus, listEnrollmentsInput } from "@/lib/automations/schema";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "People in it" };

type Props = PageProps<"/[workspace]/automations/[id]/people">;

// An address that makes no sense shows the whole list.
const query = listEnrollmentsInput.pick({ status: true, cursor: true }).strip().catch({});

export default async function AutomationPeoplePage({ params, searchParams }: Props) {
  const [{ workspace, id }, search] = await Promise.all([params, searchParams]);
  const actor = await requireActor(workspace);
  const { status, cursor } = query.parse(search);
  const [automation, page] = await orNotFound(
    Promise.all([getAutomation(actor, { id }), listEnrollments(actor, { id, status, cursor, limit: 50 })]),
  );
  const path = `/${workspace}/automations`;
  const here = `${path}/${id}/people`;
  const view = status ? `${here}?status=${status}` : here;
  return (
    <>
      <AutomationHeader automation={automation} path={path} />
      <div className="mb-3">
        <FilterLinks
          label="Status"
          items={[
            { href: here, label: "All", active: status === undefined },
            ...enrollmentStatus.options.map((one) => ({
              href: `${here}?status=${one}`,
              label: enrollmentWords[one].label,
              active: one === status,
            })),
          ]}
        />
      </div>
      <Card flush>
        {page.data.length === 0 ? (
          <EmptyState icon={Users} title={status ? "Nobody here" : "Nobody has entered yet"}>
            {automation.status === "live"
              ? "People enter when the event of the trigger arrives and the conditions hold."
              : "People enter only while it is live."}
          </EmptyState>
        ) : (
          <EnrollmentTable enrollments={page.data} profilesPath={`/${workspace}/profiles`} />
        )}
        <Pagination
          first={cursor ? view : null}
          next={page.next_cursor && `${view}${status ? "&" : "?"}cursor=${page.next_cursor}`}
        />
      </Card>
      <LiveRefresh everyMs={5000} />
    </>
  );
}
