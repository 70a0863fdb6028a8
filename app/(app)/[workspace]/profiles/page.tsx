import { SearchX, Users } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { eventCommand } from "@/components/layout/start-steps";
import { profileQuery } from "@/components/profiles/profile-query";
import { ProfileTable } from "@/components/profiles/profile-table";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { hrefWith } from "@/components/ui/href";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { SearchBox } from "@/components/ui/search-box";
import { listProfiles } from "@/lib/profiles";
import { publicOrigin, requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "People" };

export default async function ProfilesPage({ params, searchParams }: PageProps<"/[workspace]/profiles">) {
  const [{ workspace: slug }, asked] = await Promise.all([params, searchParams]);
  const actor = await requireActor(slug);
  const query = profileQuery.parse(asked);
  const page = await listProfiles(actor, { ...query, limit: 50 });
  const path = `/${slug}/profiles`;
  const asking = Boolean(query.q || query.cursor);
  return (
    <>
      <PageHeader title="People" description="Everybody your application told us about, newest first." />
      {(asking || page.data.length > 0) && (
        <div className="mb-4">
          <SearchBox path={path} label="Search people" placeholder="Email address or id" value={query.q} />
        </div>
      )}
      <Card flush>
        {page.data.length > 0 ? (
          <ProfileTable profiles={page.data} path={path} />
        ) : asking ? (
          <EmptyState
            icon={SearchX}
            title="Nobody found"
            action={
              <Button asChild>
                <Link href={path}>Clear search</Link>
              </Button>
            }
          >
            People are found by the beginning of their email address, or by any of their ids as a whole.
          </EmptyState>
        ) : (
          <EmptyState
            icon={Users}
            title="Nobody yet"
            command={eventCommand({ appUrl: publicOrigin(), event: "signed_up" })}
            commandLabel="Create a person"
          >
            People appear with their first identify or event. Put a secret key into GFLUX_KEY and try:
          </EmptyState>
        )}
        <Pagination
          first={query.cursor ? hrefWith(path, { q: query.q }) : null}
          next={page.next_cursor && hrefWith(path, { ...query, cursor: page.next_cursor })}
        />
      </Card>
    </>
  );
}
