import { History, Mail, Zap } from "lucide-react";
import { EventItem, EventList } from "@/components/sends/event-list";
import { eventWords } from "@/components/sends/event-words";
import { subjectOf } from "@/components/sends/send-table";
import { SendStatusBadge } from "@/components/sends/status-badge";
import { EmptyState } from "@/components/ui/empty-state";
import { TextLink } from "@/components/ui/text-link";
import type { TimelineEntry } from "@/lib/sends/schema";

type Props = {
  entries: TimelineEntry[];
  /** Where sends are. */
  sendsPath: string;
};

/** What a person did and got, newest first. Each line opens to its details. */
export function ProfileTimeline({ entries, sendsPath }: Props) {
  if (entries.length === 0)
    return (
      <EmptyState icon={History} title="Nothing happened yet">
        Events, emails, opens and clicks appear here.
      </EmptyState>
    );
  return (
    <EventList label="Timeline">
      {entries.map((entry) => {
        const { quoted, ...words } = wordsOf(entry);
        return (
          <EventItem key={`${entry.type} ${entry.id}`} {...words} at={entry.occurred_at}>
            {entry.send_id && (
              <p className="mt-0.5 flex min-w-0 flex-wrap items-center gap-x-2 text-muted">
                <TextLink href={`${sendsPath}/${entry.send_id}`} className="min-w-0 [overflow-wrap:anywhere]">
                  {entry.status
                    ? subjectOf({ subject: entry.subject, status: entry.status })
                    : (entry.subject ?? "Email")}
                </TextLink>
                {entry.status && <SendStatusBadge status={entry.status} reason={reasonOf(entry)} />}
              </p>
            )}
            {quoted && <p className="mt-0.5 break-all text-muted text-xs">{quoted}</p>}
            <Details entry={entry} />
          </EventItem>
        );
      })}
    </EventList>
  );
}

function wordsOf(entry: TimelineEntry) {
  const own = { tone: "neutral" as const, quoted: null };
  if (entry.type === "event") return { ...own, icon: Zap, tone: "accent" as const, title: <Code>{entry.name}</Code> };
  if (entry.type === "send") return { ...own, icon: Mail, title: "Email" };
  const { icon, tone, title, quoted } = eventWords({ type: entry.name, data: entry.data });
  return { icon, tone, title, quoted: entry.name === "clicked" ? quoted : null };
}

const reasonOf = ({ data: { reason } }: TimelineEntry): string | null => (typeof reason === "string" ? reason : null);

const Code = ({ children }: { children: string }) => <code className="break-all font-mono">{children}</code>;

/** The properties as they were sent, or what else is known. */
function Details({ entry: { type, data } }: { entry: TimelineEntry }) {
  const count = Object.keys(data).length;
  if (count === 0) return null;
  const properties = count === 1 ? "1 property" : `${count} properties`;
  return (
    <details className="mt-0.5 text-muted">
      <summary className="w-fit rounded-sm text-xs hover:text-ink">{type === "event" ? properties : "Details"}</summary>
      <pre className="mt-1 whitespace-pre-wrap rounded-md border border-line bg-sunken p-2.5 font-mono text-ink text-xs [overflow-wrap:anywhere]">
        {JSON.stringify(data, null, 2)}
      </pre>
    </details>
  );
}
