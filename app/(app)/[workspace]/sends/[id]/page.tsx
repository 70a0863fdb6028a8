import type { Metadata } from "next";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { isLive } from "@/components/sends/is-live";
import { SendFacts } from "@/components/sends/send-facts";
import { SendReason } from "@/components/sends/send-reason";
import { recipientOf, subjectOf } from "@/components/sends/send-table";
import { SendTimeline } from "@/components/sends/send-timeline";
import { SendStatusBadge } from "@/components/sends/status-badge";
import { PageHeader } from "@/components/ui/page-header";
import { getAutomation } from "@/lib/automations";
import { getConnection } from "@/lib/connections";
import { getSend } from "@/lib/sends";
import { orNotFound, orNull } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";

export const metadata: Metadata = { title: "Send" };

export default async function SendPage({ params }: PageProps<"/[workspace]/sends/[id]">) {
  const { workspace, id } = await params;
  const actor = await requireActor(workspace);
  const send = await orNotFound(getSend(actor, { id }));
  const [automation, connection] = await Promise.all([
    send.automation_id === null ? null : orNull(getAutomation(actor, { id: send.automation_id })),
    orNull(getConnection(actor, { id: send.email_provider_id })),
  ]);
  const at = (path: string) => `/${workspace}/${path}`;
  return (
    <>
      <PageHeader
        title={subjectOf(send)}
        description={<span className="[overflow-wrap:anywhere]">{send.to ? `To ${send.to}` : recipientOf(send)}</span>}
        status={<SendStatusBadge status={send.status} reason={send.reason} />}
        back={{ href: at("sends"), label: "Send log" }}
      />
      <SendReason send={send} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,32rem)]">
        <SendTimeline events={send.events} />
        <SendFacts
          send={send}
          automation={automation && { href: at(`automations/${automation.id}`), name: automation.name }}
          connection={
            connection && { href: at(`configuration/connections/${connection.id}`), name: connection.display_name }
          }
          profilesPath={at("profiles")}
        />
      </div>
      {isLive(send, Date.now()) && <LiveRefresh everyMs={3000} />}
    </>
  );
}
