import type { Metadata } from "next";
import { WorkspaceSettings } from "@/components/workspaces/workspace-settings";
import { requireActor } from "@/lib/web/session";
import { getWorkspace } from "@/lib/workspaces";
import { changeWorkspace } from "../actions";

export const metadata: Metadata = { title: "Workspace settings" };

export default async function WorkspaceSettingsPage({ params }: PageProps<"/[workspace]/settings/workspace">) {
  const { workspace: slug } = await params;
  const actor = await requireActor(slug);
  return (
    <WorkspaceSettings
      workspace={await getWorkspace(actor)}
      timezones={Intl.supportedValuesOf("timeZone")}
      editable={actor.permissions.has("workspace:write")}
      change={changeWorkspace.bind(null, slug)}
    />
  );
}
