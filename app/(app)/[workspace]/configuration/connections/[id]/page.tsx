import type { Metadata } from "next";
import { ConnectionActions } from "@/components/connections/connection-actions";
import { ConnectionFacts } from "@/components/connections/connection-facts";
import { EditConnection } from "@/components/connections/edit-connection";
import { EventsReceived } from "@/components/connections/events-received";
import { MoveToNative } from "@/components/connections/move-to-native";
import { isPostmark, isSmtp, providerName } from "@/components/connections/provider-words";
import { ReplaceSmtpLogin } from "@/components/connections/replace-smtp-login";
import { ReplaceToken } from "@/components/connections/replace-token";
import { ConnectionStatusBadge } from "@/components/connections/status-badge";
import { TestSend } from "@/components/connections/test-send";
import { WebhookCard } from "@/components/connections/webhook-card";
import { PageHeader } from "@/components/ui/page-header";
import { getConnection, listWebhooksSeen } from "@/lib/connections";
import { orNotFound } from "@/lib/web/found";
import { currentUser, requireActor } from "@/lib/web/session";
import * as actions from "../actions";

export const metadata: Metadata = { title: "Connection" };

type Props = PageProps<"/[workspace]/configuration/connections/[id]">;

export default async function ConnectionPage({ params }: Props) {
  const { workspace, id } = await params;
  const actor = await requireActor(workspace);
  const [connection, seen] = await orNotFound(
    Promise.all([getConnection(actor, { id }), listWebhooksSeen(actor, { id })]),
  );
  const user = await currentUser();
  const editable = actor.permissions.has("connections:write");
  const path = `/${workspace}/configuration/connections`;
  const change = actions.changeConnection.bind(null, workspace);
  return (
    <>
      <PageHeader
        title={connection.display_name}
        status={<ConnectionStatusBadge status={connection.status} />}
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
              />
            </>
          )
        }
      />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 space-y-4">
          <ConnectionFacts connection={connection} />
          {isPostmark(connection) && (
            <WebhookCard
              connection={connection}
              rotate={actions.rotateWebhookSecret.bind(null, workspace)}
              editable={editable}
            />
          )}
          <EditConnection connection={connection} change={change} editable={editable} />
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
          {isPostmark(connection) && <EventsReceived seen={seen.data} />}
        </div>
      </div>
    </>
  );
}
