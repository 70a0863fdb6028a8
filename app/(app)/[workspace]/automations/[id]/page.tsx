import type { Metadata } from "next";
import { Builder } from "@/components/automations/builder";
import { sendsHref } from "@/components/sends/send-query";
import { getAutomation } from "@/lib/automations";
import { listConnections } from "@/lib/connections";
import { orNotFound } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";
import * as actions from "../actions";

export const metadata: Metadata = { title: "Automation" };

export default async function AutomationPage({ params }: PageProps<"/[workspace]/automations/[id]">) {
  const { workspace, id } = await params;
  const actor = await requireActor(workspace);
  const [automation, connections] = await orNotFound(
    Promise.all([getAutomation(actor, { id }), listConnections(actor, { limit: 200 })]),
  );
  return (
    <Builder
      key={id}
      automation={automation}
      connections={connections.data}
      path={`/${workspace}/automations`}
      connectionsPath={`/${workspace}/configuration/connections`}
      heldPath={sendsHref(`/${workspace}/sends`, { held: "true", reason: "late" })}
      editable={actor.permissions.has("automations:write")}
      lifecycle={{
        update: actions.updateAutomation.bind(null, workspace),
        preview: actions.previewPublish.bind(null, workspace),
        publish: actions.publishAutomation.bind(null, workspace),
        pause: actions.pauseAutomation.bind(null, workspace),
        resume: actions.resumeAutomation.bind(null, workspace),
        archive: actions.archiveAutomation.bind(null, workspace),
        remove: actions.deleteAutomation.bind(null, workspace),
      }}
    />
  );
}
