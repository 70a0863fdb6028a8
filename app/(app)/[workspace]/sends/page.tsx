import type { Metadata } from "next";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { eventCommand } from "@/components/layout/start-steps";
import { NoSends, NothingFound } from "@/components/sends/no-sends";
import { SendFilters } from "@/components/sends/send-filters";
import { sendQuery, sendsHref } from "@/components/sends/send-query";
import { SendTable } from "@/components/sends/send-table";
import { StopSending } from "@/components/sends/stop-sending";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { listAutomations } from "@/lib/automations";
import { listConnections } from "@/lib/connections";
import { listSends } from "@/lib/sends";
import { publicOrigin, requireActor } from "@/lib/web/session";
import { getWorkspace } from "@/lib/workspaces";
import { stopSending } from "./actions";

export const metadata: Metadata = { title: "Send log" };

export default async function SendsPage({ params, searchParams }: PageProps<"/[workspace]/sends">) {
  const [{ workspace: slug }, asked] = await Promise.all([params, searchParams]);
  const actor = await requireActor(slug);
  const query = sendQuery.parse(asked);
  const [page, automations, connections, workspace] = await Promise.all([
    listSends(actor, { ...query, limit: 50 }),
    listAutomations(actor, { limit: 200 }),
    listConnections(actor, { limit: 1 }),
    getWorkspace(actor),
  ]);
  const path = `/${slug}/sends`;
  const filtered = Boolean(query.q || query.status || query.automation_id);
  const next = page.next_cursor && sendsHref(path, { ...query, cursor: page.next_cursor });
  const live = automations.data.find(({ status }) => status === "live");
  const stopped = workspace.sending_stopped_at !== null;
  return (
    <>
      <PageHeader
        title="Send log"
        description="Every email, with its delivery, opens and clicks."
        status={stopped && <Badge tone="warn">Sending stopped</Badge>}
        actions={
          !stopped && actor.permissions.has("sends:write") && <StopSending stop={stopSending.bind(null, slug)} />
        }
      />
      {(filtered || query.cursor || page.data.length > 0) && (
        <SendFilters path={path} query={query} automations={automations.data} />
      )}
      <Card flush>
        {page.data.length > 0 ? (
          <SendTable
            sends={page.data}
            path={path}
            automationNames={new Map(automations.data.map(({ id, name }) => [id, name]))}
          />
        ) : filtered || query.cursor ? (
          <NothingFound path={path} next={next} />
        ) : (
          <NoSends
            connect={connections.data.length > 0 ? null : `/${slug}/configuration/connections/new/postmark`}
            automations={live ? null : `/${slug}/automations`}
            command={eventCommand({
              appUrl: publicOrigin(),
              event: live && "trigger" in live ? live.trigger.event : "signed_up",
            })}
          />
        )}
        {page.data.length > 0 && (
          <Pagination first={query.cursor ? sendsHref(path, { ...query, cursor: undefined }) : null} next={next} />
        )}
      </Card>
      {!query.cursor && !query.q && <LiveRefresh everyMs={5000} />}
    </>
  );
}
