import * as z from "zod";
import {
  type Condition,
  type ConditionContext,
  needsProfile as conditionNeedsProfile,
  durationMs,
  matches,
  type PerformedQuery,
  performedQueries,
} from "../conditions/schema";
import { definitionFields, type Reentry } from "./definition";

const { trigger, audience, reentry } = definitionFields;
/** What of a live automation decides who enters it. */
export const liveTrigger = z.object({ trigger, audience, reentry });
export type LiveTrigger = z.infer<typeof liveTrigger>;

/** `source` is `browser` for what came with a publishable key. */
export type TriggerEvent = { name: string; source: "server" | "browser"; occurredAt: Date };

/** An event that happened longer ago than this starts, ends and wakes nothing. */
export const triggerAgeMsMax = 72 * 3_600_000;

export const isTooOld = ({ occurredAt }: Pick<TriggerEvent, "occurredAt">, now: Date): boolean =>
  now.getTime() - occurredAt.getTime() > triggerAgeMsMax;

/** The live automations that this event starts as far as the event's name, source and age alone can tell. `enters` has the last word. */
export function triggersFor<L extends LiveTrigger>(event: TriggerEvent, live: readonly L[], now: Date): L[] {
  if (isTooOld(event, now)) return [];
  return live.filter(
    ({ trigger }) => trigger.event === event.name && (trigger.source === "any" || event.source === "server"),
  );
}

/** What is asked at entry, once: `where` and `audience`. */
export const entryConditions = ({ trigger, audience }: LiveTrigger): Condition[] =>
  [trigger.where, audience].filter((condition) => condition !== null);

/** Must the person be known to tell who enters? */
export const needsProfile = (live: LiveTrigger): boolean => entryConditions(live).some(conditionNeedsProfile);

/** What has to be counted to tell who enters. */
export const entryQueries = (live: LiveTrigger): PerformedQuery[] => entryConditions(live).flatMap(performedQueries);

/** Do `where` and `audience` let this person in? Asked once, at entry. */
export const enters = (live: LiveTrigger, context: ConditionContext, now: Date): boolean =>
  entryConditions(live).every((condition) => matches(condition, context, now));

/**
 * What makes an entry unique for a person and an automation: with `once` every entry has the same key, so the second is
 * a duplicate; with the other rules each event has its own.
 */
export const entryKey = (reentry: Reentry, eventId: string): string => (reentry === "once" ? "" : eventId);

/** How long ago a person's last entry must be, where that is what the rule asks; null for the other rules. */
export const reentryMs = (reentry: Reentry): number | null =>
  typeof reentry === "object" ? durationMs(reentry.once_every) : null;
