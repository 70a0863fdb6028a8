import type { Metadata } from "next";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { eventCommand } from "@/components/layout/start-steps";
import { NoSends, NothingFound, NothingWaits } from "@/components/sends/no-sends";
import { SendFilters } from "@/components/sends/send-filters";
import { isWaitingView, type SendQuery, sendQuery, sendsHref } from "@/components/sends/send-query";
import { SendTable } from "@/components/sends/send-table";
import { StopSending } from "@/components/sends/stop-sending";
import { WaitingBanner } from "@/components/sends/waiting-banner";
import { WaitingSends } from "@/components/sends/waiting-sends";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { listAutomations } from "@/lib/automations";
import { listConnections } from "@/lib/connections";
import { listSends } from "@/lib/sends";
import type { WaitingSends as Waiting } from "@/lib/sends/schema";
import { publicOrigin, requireActor } from "@/lib/web/session";
import { waitingSends } from "@/lib/web/waiting";
import { getWorkspace } from "@/lib/workspaces";
import { listSends as readSends, resolveSends, stopSending } from "./actions";

export const metadata: Metadata = { title: "Send log" };

export default async function SendsPage({ params, searchParams }: PageProps<"/[workspace]/sends">) {
  const [{ workspace: slug }, asked] = await Promise.all([params, searchParams]);
  const actor = await requireActor(slug);
  const query = sendQuery.parse(asked);
  const [page, automations, connections, workspace, waiting] = await Promise.all([
    listSends(actor, { ...query, limit: 50 }),
    listAutomations(actor, { limit: 200 }),
    listConnections(actor, { limit: 1 }),
    getWorkspace(actor),
    waitingSends(actor),
  ]);
  const path = `/${slug}/sends`;
  const filtered = Boolean(query.q || query.status || query.held || query.reason || query.automation_id);
  const waits = isWaitingView(query);
  const searched = Boolean(query.q || query.automation_id);
  const next = page.next_cursor && sendsHref(path, { ...query, cursor: page.next_cursor });
  const live = automations.data.find(({ status }) => status === "live");
  const stopped = workspace.sending_stopped_at !== null;
  const mayDecide = actor.permissions.has("sends:write");
  const { held, reason, status } = query;
  const count = waits && !searched ? countOfView(query, waiting) : 0;
  // More than are on the page, and all of them open to a decision.
  const rest =
    count > page.data.length && (next !== null || query.cursor !== undefined)
      ? { list: readSends.bind(null, slug), view: { status, held: held === "true" ? held : undefined, reason }, count }
      : null;
  return (
    <>
      <PageHeader
        title="Send log"
        description="Every email, with its delivery, opens and clicks."
        status={stopped && <Badge tone="warn">Sending stopped</Badge>}
        actions={!stopped && mayDecide && <StopSending stop={stopSending.bind(null, slug)} />}
      />
      {(filtered || query.cursor || page.data.length > 0) && (
        <>
          {!waits && <WaitingBanner waiting={waiting} path={path} />}
          <SendFilters path={path} query={query} automations={automations.data} waiting={waiting} />
        </>
      )}
      <Card flush>
        {waits ? (
          <WaitingSends
            key={`${status} ${held} ${reason}`}
            sends={page.data}
            path={`/${slug}`}
            resolve={mayDecide ? resolveSends.bind(null, slug) : null}
            rest={rest}
            empty={
              searched || query.cursor || next ? (
                <NothingFound path={path} next={next} />
              ) : (
                <NothingWaits held={held === "true"} late={reason === "late"} />
              )
            }
          />
        ) : page.data.length > 0 ? (
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

/** How many emails of a view a person may decide about: of held ones only the late ones. */
function countOfView({ held, reason }: SendQuery, waiting: Waiting): number {
  if (held === "true") return reason === "late" ? waiting.late : 0;
  return reason === "cannot_know" ? waiting.cannotKnow : waiting.unknown;
}
