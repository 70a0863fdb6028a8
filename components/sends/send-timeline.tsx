import { Card } from "@/components/ui/card";
import type { SendWithEvents } from "@/lib/sends/schema";
import { EventItem, EventList } from "./event-list";
import { eventWords } from "./event-words";

/** Everything that happened to a send, oldest first. A call that went well is told by what it led to. */
export function SendTimeline({ events }: Pick<SendWithEvents, "events">) {
  const shown = events.filter(({ type, data }) => type !== "attempt" || data.outcome !== "accepted");
  return (
    <Card title="Timeline">
      <EventList label="Timeline">
        {shown.map((event, index) => {
          const { icon, tone, title, said, quoted } = eventWords(event);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list only ever grows, and its lines have no ids
            <EventItem key={index} icon={icon} tone={tone} title={title} at={event.occurred_at}>
              {said && <p className="mt-0.5 break-words text-muted">{said}</p>}
              {quoted && <Quoted>{quoted}</Quoted>}
            </EventItem>
          );
        })}
      </EventList>
    </Card>
  );
}

/** Words of the provider or the recipient's server, and links: they may be long and have no spaces. */
const Quoted = ({ children }: { children: string }) => (
  <p className="mt-1 break-words border-line border-l-2 pl-2 font-mono text-muted text-xs [overflow-wrap:anywhere]">
    {children}
  </p>
);
