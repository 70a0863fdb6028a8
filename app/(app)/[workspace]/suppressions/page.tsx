import { Ban, SearchX } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { AddSuppression } from "@/components/suppressions/add-suppression";
import { SuppressionFilters } from "@/components/suppressions/suppression-filters";
import { SuppressionLists } from "@/components/suppressions/suppression-lists";
import { suppressionQuery } from "@/components/suppressions/suppression-query";
import { SuppressionTable } from "@/components/suppressions/suppression-table";
import { TroubledPushes } from "@/components/suppressions/troubled-pushes";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { hrefWith } from "@/components/ui/href";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { listConnections } from "@/lib/connections";
import { listSuppressionLists, listSuppressions, listTroubledPushes } from "@/lib/suppressions";
import { requireActor } from "@/lib/web/session";
import * as actions from "./actions";

export const metadata: Metadata = { title: "Suppressions" };

export default async function SuppressionsPage({ params, searchParams }: PageProps<"/[workspace]/suppressions">) {
  const [{ workspace: slug }, asked] = await Promise.all([params, searchParams]);
  const actor = await requireActor(slug);
  const query = suppressionQuery.parse(asked);
  const [page, connections, lists, troubled] = await Promise.all([
    listSuppressions(actor, { ...query, limit: 50 }),
    listConnections(actor, { limit: 200 }),
    listSuppressionLists(actor),
    listTroubledPushes(actor),
  ]);
  const connectionNames = new Map(connections.data.map(({ id, display_name }) => [id, display_name]));
  const listed = connections.data.filter(({ id }) => lists.some(({ connection_id }) => connection_id === id));
  const path = `/${slug}/suppressions`;
  const may = actor.permissions.has("suppressions:write");
  const asking = Boolean(query.q || query.reason || query.cursor);
  return (
    <>
      <PageHeader
        title="Suppressions"
        description={`Addresses that this workspace does not write to. Bounces, complaints and unsubscribes arrive here by themselves.${may ? "" : " Your role can look, not change: an owner, admin or marketer can add and remove them."}`}
        actions={
          <AddSuppression
            connections={connections.data.map(({ id, display_name, message_stream, streams }) => ({
              id,
              display_name,
              message_stream,
              streams,
            }))}
            create={actions.createSuppression.bind(null, slug)}
            disabled={!may}
          />
        }
      />
      {(asking || page.data.length > 0) && <SuppressionFilters path={path} query={query} />}
      <Card flush>
        {page.data.length > 0 ? (
          <SuppressionTable
            suppressions={page.data}
            connectionNames={connectionNames}
            profilesPath={`/${slug}/profiles`}
            lift={may ? actions.deleteSuppression.bind(null, slug) : null}
          />
        ) : asking ? (
          <EmptyState
            icon={SearchX}
            title="Nothing found"
            action={
              <Button asChild>
                <Link href={path}>Clear search</Link>
              </Button>
            }
          >
            No suppressed address begins like this.
          </EmptyState>
        ) : (
          <EmptyState icon={Ban} title="Nobody is suppressed">
            Hard bounces, spam complaints and unsubscribes are added as they are reported. You can also add an address
            by hand.
          </EmptyState>
        )}
        <Pagination
          first={query.cursor ? hrefWith(path, { ...query, cursor: undefined }) : null}
          next={page.next_cursor && hrefWith(path, { ...query, cursor: page.next_cursor })}
        />
      </Card>
      {!asking && (listed.length > 0 || troubled.length > 0) && (
        <div className="mt-4 grid items-start gap-4 lg:grid-cols-2">
          <TroubledPushes pushes={troubled} connectionNames={connectionNames} />
          {listed.map(({ id, display_name }) => (
            <SuppressionLists
              key={id}
              connectionId={id}
              title={`Lists of ${display_name}`}
              lists={lists.filter(({ connection_id }) => connection_id === id)}
              sync={actor.permissions.has("connections:write") ? actions.syncSuppressions.bind(null, slug) : null}
            />
          ))}
        </div>
      )}
    </>
  );
}
