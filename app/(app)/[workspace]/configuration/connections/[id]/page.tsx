import type { Metadata } from "next";
import { Suspense } from "react";
import { AlertList, OpenAlerts } from "@/components/connections/alert-list";
import { BreakerBadge } from "@/components/connections/breaker-notice";
import { ConnectionActions } from "@/components/connections/connection-actions";
import { ConnectionFacts } from "@/components/connections/connection-facts";
import { DeliveryNews } from "@/components/connections/delivery-news";
import { DoctorSkeleton } from "@/components/connections/doctor-skeleton";
import { EditConnection } from "@/components/connections/edit-connection";
import { EventsReceived } from "@/components/connections/events-received";
import { HealthCard } from "@/components/connections/health-card";
import { MoveToNative } from "@/components/connections/move-to-native";
import { isPostmark, isSmtp, providerName } from "@/components/connections/provider-words";
import { ReplaceSmtpLogin } from "@/components/connections/replace-smtp-login";
import { ReplaceToken } from "@/components/connections/replace-token";
import { SendingLimits } from "@/components/connections/sending-limits";
import { ConnectionStatusBadge } from "@/components/connections/status-badge";
import { TestSend } from "@/components/connections/test-send";
import { WebhookCard } from "@/components/connections/webhook-card";
import { SuppressionLists } from "@/components/suppressions/suppression-lists";
import { PageHeader } from "@/components/ui/page-header";
import { connectionHealth, getConnection, listAlerts, listWebhooksSeen } from "@/lib/connections";
import { connectionHealthInput } from "@/lib/connections/schema";
import { newsFeedOf } from "@/lib/sends";
import { listSuppressionLists } from "@/lib/suppressions";
import { orNotFound } from "@/lib/web/found";
import { currentUser, requireActor } from "@/lib/web/session";
import { syncSuppressions } from "../../../suppressions/actions";
import * as actions from "../actions";
import { Doctor } from "./doctor";

export const metadata: Metadata = { title: "Connection" };

type Props = PageProps<"/[workspace]/configuration/connections/[id]">;

export default async function ConnectionPage({ params, searchParams }: Props) {
  const [{ workspace, id }, { health: asked }] = await Promise.all([params, searchParams]);
  const window = connectionHealthInput.shape.window.catch("24h").parse(asked);
  const actor = await requireActor(workspace);
  const [connection, seen, feed, health, alerts, open] = await orNotFound(
    Promise.all([
      getConnection(actor, { id }),
      listWebhooksSeen(actor, { id }),
      newsFeedOf(actor, { id }),
      connectionHealth(actor, { id, window }),
      listAlerts(actor, { connection_id: id, limit: 5 }),
      listAlerts(actor, { connection_id: id, open: true, limit: 50 }),
    ]),
  );
  const user = await currentUser();
  const lists = await listSuppressionLists(actor, { connectionId: connection.id });
  const editable = actor.permissions.has("connections:write");
  const path = `/${workspace}/configuration/connections`;
  const change = actions.changeConnection.bind(null, workspace);
  return (
    <>
      <PageHeader
        title={connection.display_name}
        status={
          <>
            <ConnectionStatusBadge status={connection.status} /> <BreakerBadge breaker={connection.breaker} />
          </>
        }
        back={{ href: path, label: "Connections" }}
        actions={
          editable && (
            <>
              {isSmtp(connection) ? (
                <>
                  <MoveToNative connection={connection} change={change} />
                  <ReplaceSmtpLogin connection={connection} change={change} />
                </>
              ) : (
                <ReplaceToken connection={connection} change={change} />
              )}
              <ConnectionActions
                connection={connection}
                path={path}
                validate={actions.validateConnection.bind(null, workspace)}
                enable={actions.enableConnection.bind(null, workspace)}
                disable={actions.disableConnection.bind(null, workspace)}
                remove={actions.deleteConnection.bind(null, workspace)}
                makeDefault={change}
              />
            </>
          )
        }
      />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 space-y-4">
          <OpenAlerts
            alerts={open.data}
            acknowledge={editable ? actions.acknowledgeAlert.bind(null, workspace) : null}
          />
          <Suspense fallback={<DoctorSkeleton asked={isSmtp(connection) ? "the mail server" : "Postmark"} />}>
            <Doctor actor={actor} workspace={workspace} connection={connection} />
          </Suspense>
          <ConnectionFacts connection={connection} />
          <HealthCard health={health} path={`${path}/${connection.id}`} />
          {isPostmark(connection) && (
            <WebhookCard
              connection={connection}
              rotate={actions.rotateWebhookSecret.bind(null, workspace)}
              editable={editable}
            />
          )}
          <EditConnection connection={connection} change={change} editable={editable} />
          <SendingLimits connection={connection} change={change} editable={editable} />
        </div>
        <div className="min-w-0 space-y-4">
          {editable && (
            <TestSend
              id={connection.id}
              to={user?.email ?? ""}
              sendsPath={`/${workspace}/sends`}
              provider={providerName(connection)}
              canAsk={!isSmtp(connection)}
              test={actions.sendTest.bind(null, workspace)}
            />
          )}
          {connection.provider === "postmark" && (
            <DeliveryNews id={connection.id} feed={feed} sync={editable && actions.syncNews.bind(null, workspace)} />
          )}
          {isPostmark(connection) && <EventsReceived seen={seen.data} />}
          {connection.provider === "postmark" && (
            <SuppressionLists
              connectionId={connection.id}
              title="Suppressions"
              lists={lists}
              sync={editable ? syncSuppressions.bind(null, workspace) : null}
            />
          )}
          <AlertList alerts={alerts.data} />
        </div>
      </div>
    </>
  );
}
