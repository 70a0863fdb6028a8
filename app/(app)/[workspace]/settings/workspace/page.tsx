import type { Metadata } from "next";
import { AlertSettings } from "@/components/connections/alert-settings";
import { WorkspaceSettings } from "@/components/workspaces/workspace-settings";
import { getAlertSettings } from "@/lib/connections";
import { requireActor } from "@/lib/web/session";
import { getWorkspace } from "@/lib/workspaces";
import { changeAlertSettings, changeWorkspace } from "../actions";

export const metadata: Metadata = { title: "Workspace settings" };

export default async function WorkspaceSettingsPage({ params }: PageProps<"/[workspace]/settings/workspace">) {
  const { workspace: slug } = await params;
  const actor = await requireActor(slug);
  const editable = actor.permissions.has("workspace:write");
  return (
    <>
      <WorkspaceSettings
        workspace={await getWorkspace(actor)}
        timezones={Intl.supportedValuesOf("timeZone")}
        editable={editable}
        change={changeWorkspace.bind(null, slug)}
      />
      <AlertSettings
        settings={await getAlertSettings(actor)}
        change={changeAlertSettings.bind(null, slug)}
        editable={editable}
      />
    </>
  );
}
