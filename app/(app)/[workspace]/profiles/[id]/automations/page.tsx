import type { Metadata } from "next";
import { RunTable } from "@/components/profiles/run-table";
import { Card } from "@/components/ui/card";
import { hrefWith } from "@/components/ui/href";
import { Pagination } from "@/components/ui/pagination";
import { profileEnrollments } from "@/lib/sends";
import { historyInput } from "@/lib/sends/schema";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Automations of a person" };

type Props = PageProps<"/[workspace]/profiles/[id]/automations">;

export default async function ProfileAutomationsPage({ params, searchParams }: Props) {
  const [{ workspace, id }, asked] = await Promise.all([params, searchParams]);
  const cursor = historyInput.shape.cursor.catch(undefined).parse(asked.cursor);
  const page = await orNotFound(profileEnrollments(await requireActor(workspace), { id, cursor, limit: 50 }));
  const path = `/${workspace}/profiles/${id}/automations`;
  return (
    <Card flush title="Automations" description="Every run of this person, newest first.">
      <RunTable runs={page.data} path={`/${workspace}/automations`} />
      <Pagination
        first={cursor ? path : null}
        next={page.next_cursor && hrefWith(path, { cursor: page.next_cursor })}
      />
    </Card>
  );
}
