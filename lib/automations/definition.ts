import * as z from "zod";
import { condition, duration, eventName } from "../conditions/schema";
import { isDeeperThan } from "./depth";
import { absent, typeError } from "./later";
import { innerLists } from "./path";
import { type Step, step } from "./steps";

/** How large a definition may be. */
export const stepsMax = 200;
/** Steps inside steps. */
export const nestingMax = 5;
export const exitRulesMax = 20;
// Deeper JSON than any definition within the limits; refused before a recursive schema walks it.
const jsonDepthMax = 80;
const tooDeep = `Nest steps at most ${nestingMax} deep.`;

const eventTrigger = z.strictObject({
  type: z.literal("event"),
  event: eventName,
  where: condition.nullable().default(null),
  source: z.enum(["any", "server"]).default("any"),
});
const trigger = z.discriminatedUnion("type", [eventTrigger], {
  error: typeError({ now: ["event"], later: ["segment_entered", "date", "manual"] }),
});

const reentry = z.union([z.enum(["once", "every_time"]), z.strictObject({ once_every: duration })], {
  error: ({ input }) =>
    typeof input === "object" && input !== null && "once_every" in input
      ? "once_every is one duration, such as P30D."
      : "Use once, every_time, or once_every with a duration.",
});
/** `once`: over all versions. `every_time`: each event its own run. `once_every`: again when the last entry is at least that long ago. */
export type Reentry = z.infer<typeof reentry>;

/** The run ends when this event comes and `where` holds; `event.` in it is that event. */
const exitRule = z.strictObject({ event: eventName, where: condition.nullable().default(null) });
export type ExitRule = z.infer<typeof exitRule>;

const onUnsubscribe = z
  .enum(["skip", "exit"], "Use skip or exit.")
  .describe(
    "What becomes of a run when its person unsubscribes from a stream that the automation writes on: skip (the default) leaves out its emails there, exit ends it.",
  );

/** What an automation does, as the fields of an object: the resource and the inputs carry them beside their own. Check with `checkSteps`. */
export const definitionFields = {
  trigger,
  audience: condition.nullable().default(null),
  reentry: reentry.default("once"),
  exit_when: z
    .array(exitRule, "Give a list of events.")
    .max(exitRulesMax, `At most ${exitRulesMax} events.`)
    .nullable()
    .default(null),
  on_unsubscribe: onUnsubscribe.optional(),
  goal: absent("goal"),
  steps: z.preprocess(boundDepth, z.array(step, "Give a list of steps.")),
};

/** Refuses what no single step can see: an id used twice, too many steps, too deep a nesting. */
export function checkSteps({ steps }: { steps: Step[] }, ctx: z.RefinementCtx): void {
  const seen = new Set<string>();
  let count = 0;
  const refuse = (path: PropertyKey[], message: string) =>
    ctx.addIssue({ code: "custom", path, message, input: steps });
  const visit = (list: Step[], path: PropertyKey[], depth: number): void => {
    for (const [index, step] of list.entries()) {
      const at = [...path, index];
      count += 1;
      if (seen.has(step.id)) refuse([...at, "id"], `The id “${step.id}” is used twice. Each step needs its own.`);
      seen.add(step.id);
      const inner = innerLists(step);
      if (inner.length > 0 && depth > nestingMax) refuse(at, tooDeep);
      for (const { at: within, steps } of inner) visit(steps, [...at, ...within], depth + 1);
    }
  };
  visit(steps, ["steps"], 1);
  if (count > stepsMax) refuse(["steps"], `An automation has at most ${stepsMax} steps.`);
}

/** What an automation does: what is edited, and what a version keeps for ever. */
export const automationDefinition = z.strictObject(definitionFields).superRefine(checkSteps);
export type AutomationDefinition = z.infer<typeof automationDefinition>;

function boundDepth(input: unknown, ctx: z.RefinementCtx): unknown {
  if (!isDeeperThan(input, jsonDepthMax)) return input;
  ctx.addIssue({ code: "custom", message: tooDeep, input });
  return z.NEVER;
}
