import * as z from "zod";
import { type ConditionContext, needsProfile as conditionNeedsProfile, matches } from "../conditions/schema";
import { definitionFields, type Reentry } from "./definition";

const { trigger, audience, reentry } = definitionFields;
/** What of a live automation decides who enters it. */
export const liveTrigger = z.object({ trigger, audience, reentry });
export type LiveTrigger = z.infer<typeof liveTrigger>;

/** `source` is `browser` for what came with a publishable key. */
export type TriggerEvent = { name: string; source: "server" | "browser"; occurredAt: Date };

/** An event that happened longer ago than this starts nothing. */
export const triggerAgeMsMax = 72 * 3_600_000;

/** The live automations that this event starts as far as the event's name, source and age alone can tell. `enters` has the last word. */
export function triggersFor<L extends LiveTrigger>(event: TriggerEvent, live: readonly L[], now: Date): L[] {
  if (now.getTime() - event.occurredAt.getTime() > triggerAgeMsMax) return [];
  return live.filter(
    ({ trigger }) => trigger.event === event.name && (trigger.source === "any" || event.source === "server"),
  );
}

/** Must the person be known to tell who enters? */
export const needsProfile = ({ trigger, audience }: LiveTrigger): boolean =>
  [trigger.where, audience].some((condition) => condition !== null && conditionNeedsProfile(condition));

/** Do `where` and `audience` let this person in? Asked once, at entry. */
export const enters = ({ trigger, audience }: LiveTrigger, context: ConditionContext, now: Date): boolean =>
  [trigger.where, audience].every((condition) => condition === null || matches(condition, context, now));

/**
 * What makes an entry unique for a person and an automation: with `once` every entry has the same key, so the second is
 * a duplicate; with `every_time` each event has its own.
 */
export const entryKey = (reentry: Reentry, eventId: string): string => (reentry === "once" ? "" : eventId);
