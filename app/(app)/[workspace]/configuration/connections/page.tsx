import { Plug, Plus } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { ConnectionTable } from "@/components/connections/connection-table";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { listConnections } from "@/lib/connections";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Connections" };

type Props = PageProps<"/[workspace]/configuration/connections">;

export default async function ConnectionsPage({ params, searchParams }: Props) {
  const [{ workspace }, { cursor }] = await Promise.all([params, searchParams]);
  const actor = await requireActor(workspace);
  const page = await listConnections(actor, { limit: 50, cursor: typeof cursor === "string" ? cursor : undefined });
  const path = `/${workspace}/configuration/connections`;
  const add = actor.permissions.has("connections:write") && (
    <Button asChild variant="primary">
      <Link href={`${path}/new`}>
        <Plus aria-hidden /> Add connection
      </Link>
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Connections"
        description="How email leaves: your own Postmark or mail servers, each with its sender and stream."
        actions={page.data.length > 0 && add}
      />
      {page.data.length === 0 ? (
        <Card flush>
          <EmptyState icon={Plug} title="No connection yet" action={add}>
            {add
              ? "Connect a Postmark server with its token, or any mail server by SMTP. It takes a minute, and automations can send right after."
              : "An owner or admin of the workspace can add one."}
          </EmptyState>
        </Card>
      ) : (
        <ConnectionTable connections={page.data} path={path} />
      )}
      <Pagination first={cursor ? path : null} next={page.next_cursor && `${path}?cursor=${page.next_cursor}`} />
    </>
  );
}
