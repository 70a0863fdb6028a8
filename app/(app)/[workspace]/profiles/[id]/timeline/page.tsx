import type { Metadata } from "next";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { ProfileTimeline } from "@/components/profiles/profile-timeline";
import { Card } from "@/components/ui/card";
import { hrefWith } from "@/components/ui/href";
import { Pagination } from "@/components/ui/pagination";
import { profileTimeline } from "@/lib/sends";
import { historyInput } from "@/lib/sends/schema";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Timeline" };

type Props = PageProps<"/[workspace]/profiles/[id]/timeline">;

export default async function TimelinePage({ params, searchParams }: Props) {
  const [{ workspace, id }, asked] = await Promise.all([params, searchParams]);
  const cursor = historyInput.shape.cursor.catch(undefined).parse(asked.cursor);
  const page = await orNotFound(profileTimeline(await requireActor(workspace), { id, cursor, limit: 50 }));
  const path = `/${workspace}/profiles/${id}/timeline`;
  return (
    <>
      <Card title="Timeline" description="Events, emails and what became of them, newest first.">
        <ProfileTimeline entries={page.data} sendsPath={`/${workspace}/sends`} />
      </Card>
      <Pagination
        first={cursor ? path : null}
        next={page.next_cursor && hrefWith(path, { cursor: page.next_cursor })}
      />
      {!cursor && <LiveRefresh everyMs={5000} />}
    </>
  );
}
