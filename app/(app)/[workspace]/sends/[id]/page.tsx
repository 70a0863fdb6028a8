import type { Metadata } from "next";
import { WhyRunCard } from "@/components/automations/why-answer";
import { LiveRefresh } from "@/components/layout/live-refresh";
import { DecideSend } from "@/components/sends/decide-send";
import { isLive } from "@/components/sends/is-live";
import { SendFacts } from "@/components/sends/send-facts";
import { SendReason } from "@/components/sends/send-reason";
import { recipientOf, subjectOf } from "@/components/sends/send-table";
import { SendTimeline } from "@/components/sends/send-timeline";
import { SendStatusBadge } from "@/components/sends/status-badge";
import { waitingWords } from "@/components/sends/waiting-words";
import { PageHeader } from "@/components/ui/page-header";
import type { Actor } from "@/lib/actor";
import { getAutomation } from "@/lib/automations";
import { getConnection } from "@/lib/connections";
import { whyPerson } from "@/lib/dispatch";
import { getSend } from "@/lib/sends";
import type { Send } from "@/lib/sends/schema";
import { orNotFound, orNull } from "@/lib/web/found";
import { requireActor } from "@/lib/web/session";
import { resolveSend } from "../actions";

export const metadata: Metadata = { title: "Send" };

export default async function SendPage({ params }: PageProps<"/[workspace]/sends/[id]">) {
  const { workspace, id } = await params;
  const actor = await requireActor(workspace);
  const send = await orNotFound(getSend(actor, { id }));
  const [automation, connection, run] = await Promise.all([
    send.automation_id === null ? null : orNull(getAutomation(actor, { id: send.automation_id })),
    orNull(getConnection(actor, { id: send.email_provider_id })),
    runOf(actor, send),
  ]);
  const at = (path: string) => `/${workspace}/${path}`;
  const choices = actor.permissions.has("sends:write") ? (waitingWords(send, `/${workspace}`)?.choices ?? []) : [];
  return (
    <>
      <PageHeader
        title={subjectOf(send)}
        description={<span className="[overflow-wrap:anywhere]">{send.to ? `To ${send.to}` : recipientOf(send)}</span>}
        status={<SendStatusBadge status={send.status} reason={send.reason} />}
        back={{ href: at("sends"), label: "Send log" }}
      />
      <SendReason
        send={send}
        path={`/${workspace}`}
        decide={
          choices.length > 0 && <DecideSend send={send} choices={choices} resolve={resolveSend.bind(null, workspace)} />
        }
      />
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
      {run && (
        <div className="mt-4">
          <WhyRunCard run={run} paths={{ sends: at("sends"), automations: at("automations") }} />
        </div>
      )}
      {isLive(send, Date.now()) && <LiveRefresh everyMs={3000} />}
    </>
  );
}

/** The run that the email belongs to, with its decisions; null for a test email, and where the person is gone. */
async function runOf(actor: Actor, { profile_id, automation_id, enrollment_id }: Send) {
  if (profile_id === null || automation_id === null || enrollment_id === null) return null;
  const why = await orNull(whyPerson(actor, { id: profile_id, automation_id, enrollment_id, limit: 1 }));
  return (why?.automation_id && why.runs[0]) || null;
}
