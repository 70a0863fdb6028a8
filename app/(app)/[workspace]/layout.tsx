import { cookies } from "next/headers";
import { troublesOf } from "@/components/connections/troubles";
import { SendingStopped } from "@/components/layout/sending-stopped";
import { Shell } from "@/components/layout/shell";
import { ShellBanners } from "@/components/layout/shell-banners";
import { THEME_COOKIE, theme } from "@/components/layout/theme";
import { sendsMark } from "@/components/sends/sends-mark";
import { RememberWorkspace } from "@/components/workspaces/remember-workspace";
import { listAlerts, listConnections } from "@/lib/connections";
import { requireActor, requireUser } from "@/lib/web/session";
import { waitingSends } from "@/lib/web/waiting";
import { getWorkspace, listWorkspaces } from "@/lib/workspaces";
import { resumeSending, setTheme } from "./actions";

export default async function WorkspaceLayout({ children, params }: LayoutProps<"/[workspace]">) {
  const { workspace: slug } = await params;
  const actor = await requireActor(slug);
  const user = await requireUser(`/${slug}`);
  const [workspace, workspaces, connections, alerts, waiting, chosen] = await Promise.all([
    getWorkspace(actor),
    listWorkspaces(user),
    listConnections(actor, { limit: 200 }),
    listAlerts(actor, { open: true, limit: 200 }),
    waitingSends(actor),
    cookies(),
  ]);
  const banners = (
    <ShellBanners
      stopped={
        workspace.sending_stopped_at && (
          <SendingStopped
            since={workspace.sending_stopped_at}
            resume={actor.permissions.has("sends:write") ? resumeSending.bind(null, slug) : null}
          />
        )
      }
      troubles={troublesOf(connections.data, alerts.data, `/${slug}/configuration/connections`)}
    />
  );
  return (
    <Shell
      slug={slug}
      workspaces={workspaces}
      user={user}
      theme={theme.parse(chosen.get(THEME_COOKIE)?.value)}
      setTheme={setTheme}
      mark={sendsMark(waiting, `/${slug}/sends`)}
      banners={banners}
    >
      <RememberWorkspace slug={slug} />
      {children}
    </Shell>
  );
}
