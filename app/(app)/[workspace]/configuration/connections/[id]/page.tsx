import type { Metadata } from "next";
import { Suspense } from "react";
import { ConnectionActions } from "@/components/connections/connection-actions";
import { ConnectionFacts } from "@/components/connections/connection-facts";
import { DoctorSkeleton } from "@/components/connections/doctor-skeleton";
import { EditConnection } from "@/components/connections/edit-connection";
import { EventsReceived } from "@/components/connections/events-received";
import { ReplaceToken } from "@/components/connections/replace-token";
import { ConnectionStatusBadge } from "@/components/connections/status-badge";
import { TestSend } from "@/components/connections/test-send";
import { WebhookCard } from "@/components/connections/webhook-card";
import { PageHeader } from "@/components/ui/page-header";
import { getConnection, listWebhooksSeen } from "@/lib/connections";
import { orNotFound } from "@/lib/web/found";
import { currentUser, requireActor } from "@/lib/web/session";
import * as actions from "../actions";
import { Doctor } from "./doctor";

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
              <ReplaceToken connection={connection} change={change} />
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
          <Suspense fallback={<DoctorSkeleton />}>
            <Doctor actor={actor} workspace={workspace} connection={connection} />
          </Suspense>
          <ConnectionFacts connection={connection} />
          <WebhookCard
            connection={connection}
            rotate={actions.rotateWebhookSecret.bind(null, workspace)}
            editable={editable}
          />
          <EditConnection connection={connection} change={change} editable={editable} />
        </div>
        <div className="min-w-0 space-y-4">
          {editable && (
            <TestSend
              id={connection.id}
              to={user?.email ?? ""}
              sendsPath={`/${workspace}/sends`}
              test={actions.sendTest.bind(null, workspace)}
            />
          )}
          <EventsReceived seen={seen.data} />
        </div>
      </div>
    </>
  );
}
