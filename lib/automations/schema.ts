import { z } from "zod";
import { checkSteps, definitionFields, notYet } from "./definition";

export {
  type AutomationDefinition,
  automationDefinition,
  type BranchStep,
  type DelayStep,
  eventName,
  isTimezone,
  nestingMax,
  type Reentry,
  type SendEmailStep,
  type Step,
  stepsMax,
  timezone,
  weekdays,
} from "./definition";
export { allSteps, findStep, firstStep, intoBranch, nextStep, sendSteps } from "./path";
export { delayUntil } from "./schedule";
export {
  enters,
  entryKey,
  type LiveTrigger,
  needsProfile,
  type TriggerEvent,
  triggerAgeMsMax,
  triggersFor,
} from "./triggers";

/** draft: never published · live: people enter and advance · paused: nobody does · archived: over, kept for its history. */
export const automationStatus = z.enum(["draft", "live", "paused", "archived"]);
export type AutomationStatus = z.infer<typeof automationStatus>;

const name = z.string("Give it a name.").trim().min(1, "Give it a name.").max(120, "At most 120 characters.");
const count = z.int().nonnegative();
const moment = z.iso.datetime();

/** An automation with the definition that is being edited; `live_version` is the number of the one that runs. */
export const automation = z.object({
  id: z.uuid(),
  project_id: z.uuid(),
  name,
  status: automationStatus,
  ...definitionFields,
  live_version: z.int().positive().nullable(),
  counts: z.object({ active: count, completed: count, exited: count, sends: count.optional() }),
  created_at: moment,
  updated_at: moment,
});
export type Automation = z.infer<typeof automation>;

export const createAutomationInput = z
  .strictObject({ project_id: z.uuid(), name, ...definitionFields })
  .superRefine(checkSteps);
export type CreateAutomationInput = z.infer<typeof createAutomationInput>;

/** PUT: the whole definition, as it is to be. Changes nothing that runs until it is published. */
export const updateAutomationInput = z
  .strictObject({ id: z.uuid(), name, ...definitionFields })
  .superRefine(checkSteps);
export type UpdateAutomationInput = z.infer<typeof updateAutomationInput>;

/** `finish`: who is under way goes on with the version they entered. */
export const publishInput = z.strictObject({
  id: z.uuid(),
  in_flight: z
    .enum(["finish"], { error: ({ input }) => (input === "move" ? notYet("move") : "Use finish.") })
    .default("finish"),
});
export type PublishInput = z.infer<typeof publishInput>;

/** What becomes of the sends that are queued: `hold` keeps them, `skip` drops them. */
export const pauseInput = z.strictObject({ id: z.uuid(), queued: z.enum(["hold", "skip"]).default("hold") });
export type PauseInput = z.infer<typeof pauseInput>;

/** What becomes of the sends whose time came while it was paused. */
export const resumeInput = z.strictObject({ id: z.uuid(), overdue: z.enum(["send", "skip"]).default("send") });
export type ResumeInput = z.infer<typeof resumeInput>;

export const enrollmentStatus = z.enum(["active", "completed", "exited"]);

/** One person's run through one version. */
export const enrollment = z.object({
  id: z.uuid(),
  automation_id: z.uuid(),
  version: z.int().positive(),
  profile_id: z.uuid(),
  status: enrollmentStatus,
  /** Where the run stands, or stood last. */
  step_id: z.string().nullable(),
  due_at: moment.nullable(),
  /** Why it ended, for `exited`. */
  reason: z.string().nullable(),
  entered_at: moment,
  ended_at: moment.nullable(),
});
export type Enrollment = z.infer<typeof enrollment>;
