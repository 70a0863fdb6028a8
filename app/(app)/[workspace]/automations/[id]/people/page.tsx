import { Users } from "lucide-react";
import type { Metadata } from "next";
import type { z } from "zod";
import { AutomationHeader } from "@/components/automations/automation-header";
import { EnrollmentTable, enrollmentWords } from "@/components/automations/enrollment-table";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Pagination } from "@/components/ui/pagination";
import { SearchBox } from "@/components/ui/search-box";
import { FilterLinks } from "@/components/ui/tabs";
import type { Actor } from "@/lib/actor";
import { type EnrollmentPage, getAutomation, listEnrollments, listVersions } from "@/lib/automations";
import {
  type AnyAutomation,
  type AutomationDefinition,
  enrollmentStatus,
  listEnrollmentsInput,
} from "@/lib/automations/schema";
import { listProfilesInput } from "@/lib/profiles/schema";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";
import { FoundPerson } from "./found-person";

export const metadata: Metadata = { title: "People in it" };

type Props = PageProps<"/[workspace]/automations/[id]/people">;

// An address that makes no sense shows the whole list.
const query = listEnrollmentsInput.pick({ status: true, cursor: true }).strip().catch({});
const wanted = listProfilesInput.shape.q.catch(undefined);

export default async function AutomationPeoplePage({ params, searchParams }: Props) {
  const [{ workspace, id }, search] = await Promise.all([params, searchParams]);
  const actor = await requireActor(workspace);
  const { status, cursor } = query.parse(search);
  const q = wanted.parse(search.q);
  const automation = await orNotFound(getAutomation(actor, { id }));
  const path = `/${workspace}/automations`;
  return (
    <>
      <AutomationHeader automation={automation} path={path} />
      <div className="mb-4">
        <SearchBox
          path={`${path}/${id}/people`}
          label="Find a person"
          placeholder="Find a person: email address or any id"
          value={q}
        />
      </div>
      {q ? (
        <FoundPerson actor={actor} workspace={workspace} automationId={id} q={q} />
      ) : (
        <People actor={actor} workspace={workspace} automation={automation} status={status} cursor={cursor} />
      )}
      <LiveRefresh everyMs={5000} />
    </>
  );
}

type ListProps = z.output<typeof query> & { actor: Actor; workspace: string; automation: AnyAutomation };

/** Everybody who is, or was, in it, newest first. */
async function People({ actor, workspace, automation, status, cursor }: ListProps) {
  const { id } = automation;
  const page = await orNotFound(listEnrollments(actor, { id, status, cursor, limit: 50 }));
  const definitions = await definitionsOf(actor, id, page.data);
  const here = `/${workspace}/automations/${id}/people`;
  const view = status ? `${here}?status=${status}` : here;
  return (
    <>
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
          <EnrollmentTable enrollments={page.data} definitions={definitions} profilesPath={`/${workspace}/profiles`} />
        )}
        <Pagination
          first={cursor ? view : null}
          next={page.next_cursor && `${view}${status ? "&" : "?"}cursor=${page.next_cursor}`}
        />
      </Card>
    </>
  );
}

const versionsMax = 20;

/** What the versions do that people on the page are in: of those that lie close to the newest of them, which is nearly always all. */
async function definitionsOf(actor: Actor, id: string, people: EnrollmentPage["data"]) {
  const numbers = people.filter(({ status }) => status === "active").map(({ version }) => version);
  if (numbers.length === 0) return new Map<number, AutomationDefinition>();
  const newest = Math.max(...numbers);
  const limit = Math.min(versionsMax, newest - Math.min(...numbers) + 1);
  const { data } = await listVersions(actor, { id, cursor: newest + 1, limit });
  return new Map(data.flatMap(({ number, definition }) => (definition ? [[number, definition] as const] : [])));
}
