import * as z from "zod";
import { automationStatus } from "../automations/schema";

/** Why somebody did, or did not, get an email: what is asked and what is answered. */

const moment = z.iso.datetime();
const text = (charactersMax: number) =>
  z
    .string()
    .trim()
    .max(charactersMax, `Use at most ${charactersMax} characters.`)
    .refine((given) => !given.includes("\u0000"), "must not contain U+0000");

export const whyInput = z.strictObject({
  id: text(512).describe("Our id of the person, your own, or an anonymous one."),
  automation_id: text(200).optional().describe("Ask about one automation; without it, about all."),
  enrollment_id: text(200).optional().describe("With automation_id: only this run."),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.uuid("This is not a cursor of this list.").optional(),
});
export type WhyInput = z.infer<typeof whyInput>;

const sentence = z.string().describe("For people. Moments in it are written as 2026-11-21 09:00:00 UTC.");
const details = z.record(z.string(), z.unknown()).describe("The values that were looked at.");

/** How things stand in one sentence. */
const whyAnswer = z
  .object({
    code: z.string().describe("Of the table of reasons."),
    sentence,
    since: moment.nullable(),
    until: moment.nullable().describe("Until when it waits, or when it is looked at again."),
  })
  .meta({ id: "WhyAnswer" });
export type WhyAnswer = z.infer<typeof whyAnswer>;

/** One stored decision. */
const whyDecision = z
  .object({
    id: z.uuid(),
    at: moment,
    kind: z
      .string()
      .describe("entered, waited, branched, queued, sent, skipped, failed, held, exited, completed, suppressed…"),
    reason: z.string(),
    sentence,
    automation_id: z.uuid().nullable(),
    enrollment_id: z.uuid().nullable(),
    step_id: z.string().nullable(),
    send_id: z.uuid().nullable(),
    details,
  })
  .meta({ id: "WhyDecision" });
export type WhyDecision = z.infer<typeof whyDecision>;

const whySend = z.object({
  send_id: z.uuid(),
  step_id: z.string().nullable(),
  subject: z.string().nullable(),
  status: z.string(),
  answer: whyAnswer,
});

const whyRun = z.object({
  enrollment_id: z.uuid(),
  version: z.int().positive(),
  status: z.enum(["active", "completed", "exited"]),
  step_id: z.string().nullable(),
  reason: z.string().nullable().describe("Why it ended, for exited."),
  entered_at: moment,
  ended_at: moment.nullable(),
  answer: whyAnswer,
  sends: z.array(whySend),
  decisions: z.array(whyDecision).describe("Oldest first; of a very long run the newest 200."),
});
export type WhyRun = z.infer<typeof whyRun>;

const checkedEvent = z.object({
  event_id: z.uuid(),
  event: z.string(),
  at: moment.describe("When it came to us."),
  occurred_at: moment,
  reason: z.string().describe("`trigger` where it started a run."),
  sentence,
  details,
});
export type CheckedEvent = z.infer<typeof checkedEvent>;

/** Why nobody entered by the trigger's events: worked out now, from the stored events and the version that was live then. */
const whyNotEntered = z.object({
  reason: z.string().describe("Of the newest event."),
  sentence,
  checked: z.array(checkedEvent).describe("Newest first, at most 20."),
  more: z.boolean().describe("There are older events that were not looked at."),
});
export type WhyNotEntered = z.infer<typeof whyNotEntered>;

const whyAutomation = z.object({
  profile_id: z.uuid(),
  automation_id: z.uuid(),
  automation_name: z.string(),
  automation_status: automationStatus,
  answer: whyAnswer,
  runs: z.array(whyRun).describe("Newest first, at most 10."),
  more_runs: z.boolean(),
  not_entered: whyNotEntered.nullable().describe("Null where the newest trigger event started a run."),
});
export type WhyAutomation = z.infer<typeof whyAutomation>;

const whyEverywhere = z.object({
  profile_id: z.uuid(),
  automation_id: z.null(),
  automations: z
    .array(z.object({ automation_id: z.uuid(), name: z.string(), status: automationStatus, answer: whyAnswer }))
    .describe("The live and the paused ones, newest first, at most 50."),
  data: z.array(whyDecision).describe("The newest decisions, over all automations."),
  next_cursor: z.string().nullable().describe("Null on the last page."),
});
export type WhyEverywhere = z.infer<typeof whyEverywhere>;

export const whyAnswered = z.union([whyAutomation, whyEverywhere]).describe("Told apart by automation_id.");
