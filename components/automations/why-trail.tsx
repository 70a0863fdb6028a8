import { EventItem, EventList } from "@/components/sends/event-list";
import { TextLink } from "@/components/ui/text-link";
import type { CheckedEvent, WhyDecision } from "@/lib/dispatch/schema";
import { WhySentence } from "./why-sentence";
import { WhyValues } from "./why-values";
import { lookOf } from "./why-words";

export type WhyPaths = { sends: string; automations: string };

type TrailProps = {
  label: string;
  decisions: readonly WhyDecision[];
  paths: WhyPaths;
  /** Said with each decision, where they are of several automations. */
  automationNames?: ReadonlyMap<string, string>;
};

/** Decisions in the order given, each with its reason in words and what it looked at. */
export function WhyTrail({ label, decisions, paths, automationNames }: TrailProps) {
  return (
    <EventList label={label}>
      {decisions.map((decision) => {
        const { title, icon, tone } = lookOf(decision.kind);
        const automation = automationNames && decision.automation_id;
        return (
          <EventItem key={decision.id} icon={icon} tone={tone} title={title} at={decision.at}>
            <p className="mt-0.5 text-muted [overflow-wrap:anywhere]">
              <WhySentence text={decision.sentence} />
            </p>
            {(automation || decision.step_id || decision.send_id) && (
              <p className="mt-0.5 flex min-w-0 flex-wrap gap-x-3 text-faint text-xs">
                {automation && (
                  <TextLink href={`${paths.automations}/${automation}`} className="min-w-0 [overflow-wrap:anywhere]">
                    {automationNames.get(automation) ?? "Another automation"}
                  </TextLink>
                )}
                {decision.step_id && (
                  <span className="min-w-0 [overflow-wrap:anywhere]">
                    Step <code className="font-mono">{decision.step_id}</code>
                  </span>
                )}
                {decision.send_id && <TextLink href={`${paths.sends}/${decision.send_id}`}>Open email</TextLink>}
              </p>
            )}
            <WhyValues details={decision.details} />
          </EventItem>
        );
      })}
    </EventList>
  );
}

/** The trigger's events of a person, each with what became of it. */
export function WhyChecked({ checked }: { checked: readonly CheckedEvent[] }) {
  return (
    <EventList label="Events that were looked at">
      {checked.map((event) => {
        const { icon, tone } = lookOf(event.reason === "trigger" ? "entered" : "not_entered");
        return (
          <EventItem
            key={event.event_id}
            icon={icon}
            tone={tone}
            title={<code className="break-all font-mono">{event.event}</code>}
            at={event.at}
          >
            <p className="mt-0.5 text-muted [overflow-wrap:anywhere]">
              <WhySentence text={event.sentence} />
            </p>
            <WhyValues details={event.details} />
          </EventItem>
        );
      })}
    </EventList>
  );
}
