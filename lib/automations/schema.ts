import * as z from "zod";
import { automationDefinition, checkSteps, definitionFields } from "./definition";
import { automationStatuses } from "./lifecycle";

export {
  type AutomationDefinition,
  automationDefinition,
  type ExitRule,
  exitRulesMax,
  nestingMax,
  type Reentry,
  stepsMax,
} from "./definition";
export { type AutomationAction, type AutomationStatus, automationStatuses, refusalOf } from "./lifecycle";
export { allSteps, findStep, firstStep, innerLists, intoList, nextStep, placedSteps, sendSteps } from "./path";
export { delayUntil } from "./schedule";
export {
  type BranchStep,
  type DelayStep,
  isTimezone,
  type SendEmailStep,
  type SplitStep,
  type Step,
  timezone,
  type UpdateProfileStep,
  type WaitForStep,
  weekdays,
} from "./steps";
export {
  enters,
  entryConditions,
  entryKey,
  entryQueries,
  isTooOld,
  type LiveTrigger,
  liveTrigger,
  needsProfile,
  reentryMs,
  type TriggerEvent,
  triggerAgeMsMax,
  triggersFor,
} from "./triggers";

export const automationStatus = z.enum(automationStatuses);

const name = z.string("Give it a name.").trim().min(1, "Give it a name.").max(120, "At most 120 characters.");
const count = z.int().nonnegative();
const moment = z.iso.datetime();
const projectId = z.string().max(64).optional().describe("The workspace's id.");
const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid("This is not a cursor of this list.").optional(),
};
const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable().describe("Null on the last page.") });

/** People in an automation are counted up to here: beyond, the number says "at least so many". */
export const countedMax = 10_000;

const facts = {
  id: z.uuid(),
  project_id: z.uuid(),
  name,
  status: automationStatus,
  live_version: z.int().positive().nullable().describe("The version that runs; null before the first publish."),
  unpublished_changes: z.boolean().describe("Whether publishing would make a new version."),
  counts: z
    .object({ active: count, completed: count, exited: count })
    .describe(`People in it, over all versions; each counted up to ${countedMax}.`),
  created_at: moment,
  updated_at: moment,
};

/** An automation with the definition that is being edited; `live_version` is the number of the one that runs. */
export const automation = z.object({ ...facts, ...definitionFields, definition_error: z.null() });
export type Automation = z.infer<typeof automation>;

/** An automation whose stored definition this release cannot read. It can be stopped, archived, and saved anew. */
export const unreadableAutomation = z.object({
  ...facts,
  definition_error: z.string().describe("Why the definition is missing here."),
});
export type UnreadableAutomation = z.infer<typeof unreadableAutomation>;

/** Told apart by `definition_error`: null for one that can be read. */
export const anyAutomation = z.union([automation, unreadableAutomation]);
export type AnyAutomation = z.infer<typeof anyAutomation>;
export const automationPage = pageOf(anyAutomation);
export type AutomationPage = z.infer<typeof automationPage>;

export const createAutomationInput = z
  .strictObject({ project_id: projectId, name, ...definitionFields })
  .superRefine(checkSteps);
export type CreateAutomationInput = z.infer<typeof createAutomationInput>;

/** PUT: the whole definition, as it is to be. Changes nothing that runs until it is published. */
export const updateAutomationInput = z
  .strictObject({ id: z.uuid(), name, ...definitionFields })
  .superRefine(checkSteps);
export type UpdateAutomationInput = z.infer<typeof updateAutomationInput>;

export const listAutomationsInput = z.strictObject({
  project_id: projectId,
  status: automationStatus.optional(),
  q: z.string().trim().max(200, "At most 200 characters.").optional().describe("Part of the name."),
  ...paging,
});
export type ListAutomationsInput = z.infer<typeof listAutomationsInput>;

export const automationInput = z.strictObject({ id: z.uuid() });
export type AutomationInput = z.infer<typeof automationInput>;

/**
 * What becomes of who is under way. `finish`: they go on with the version that they entered. `move`: each goes on with the new one, at
 * the step of the same id and with its due time; where that step is gone, the run ends.
 */
export const publishInput = z.strictObject({
  id: z.uuid(),
  in_flight: z.enum(["finish", "move"], "Use finish or move.").default("finish"),
});
export type PublishInput = z.infer<typeof publishInput>;

/** People are counted exactly up to here when a publish is previewed. */
export const previewedMax = 100_000;

/** What `publish` with `in_flight: "move"` would do now. */
export const publishPreview = z.object({
  version: z.int().positive().describe("The number that the version would get, or has if nothing was changed."),
  moves: z.array(
    z.object({
      from_version: z.int().positive(),
      step_id: z.string().nullable().describe("Where they stand; null before the first step."),
      people: count,
      to: z
        .enum(["same", "changed", "gone"])
        .describe(
          "`same`: they go on at the step of this id, with its due time. `changed`: it is another kind of step now, and they begin it at once. `gone`: their run ends.",
        ),
    }),
  ),
  people: count.describe(`All who are under way in another version, counted exactly up to ${previewedMax}.`),
  removed: count.describe("Those whose run would end."),
});
export type PublishPreview = z.infer<typeof publishPreview>;

/** What becomes of the sends that are queued: `hold` keeps them, `skip` drops them. */
export const pauseInput = z.strictObject({ id: z.uuid(), queued: z.enum(["hold", "skip"]).default("hold") });
export type PauseInput = z.infer<typeof pauseInput>;

/** What becomes of the sends whose time came while it was paused. */
export const resumeInput = z.strictObject({ id: z.uuid(), overdue: z.enum(["send", "skip"]).default("send") });
export type ResumeInput = z.infer<typeof resumeInput>;

/** What was published under a number; it never changes. */
export const automationVersion = z.object({
  number: z.int().positive(),
  automation_id: z.uuid(),
  live: z.boolean().describe("Whether it is the one that people enter."),
  definition: automationDefinition.nullable(),
  definition_error: z.string().nullable().describe("Why the definition is missing here."),
  published_by: z.string().describe("The id of the user or key."),
  published_at: moment,
});
export type AutomationVersion = z.infer<typeof automationVersion>;
export const automationVersionPage = pageOf(automationVersion);
export type AutomationVersionPage = z.infer<typeof automationVersionPage>;

export const listVersionsInput = z.strictObject({
  id: z.uuid(),
  limit: paging.limit,
  cursor: z.coerce.number("This is not a cursor of this list.").int().positive().max(2_147_483_647).optional(),
});
export type ListVersionsInput = z.infer<typeof listVersionsInput>;

export const enrollmentStatus = z.enum(["active", "completed", "exited"]);
export type EnrollmentStatus = z.infer<typeof enrollmentStatus>;

/** One person's run through one version. */
export const enrollment = z.object({
  id: z.uuid(),
  automation_id: z.uuid(),
  version: z.int().positive(),
  profile_id: z.uuid(),
  email: z.string().nullable().describe("The person's address; null without one, and for who may not read profiles."),
  status: enrollmentStatus,
  /** Where the run stands, or stood last. */
  step_id: z.string().nullable(),
  due_at: moment
    .nullable()
    .describe("When it is looked at next; null while it is, while it is paused, and once it has ended."),
  /** Why it ended, for `exited`. */
  reason: z.string().nullable(),
  entered_at: moment,
  ended_at: moment.nullable(),
});
export type Enrollment = z.infer<typeof enrollment>;
export const enrollmentPage = pageOf(enrollment);
export type EnrollmentPage = z.infer<typeof enrollmentPage>;

export const listEnrollmentsInput = z.strictObject({
  id: z.uuid(),
  status: enrollmentStatus.optional(),
  profile_id: z.string().trim().min(1).max(512).optional().describe("Any of a person's three ids."),
  ...paging,
});
export type ListEnrollmentsInput = z.infer<typeof listEnrollmentsInput>;
