import * as z from "zod";
import { type Condition, condition, duration, eventName } from "../conditions/schema";
import { keptTraits, traitProblem } from "../profiles/schema";
import { isDeeperThan } from "./depth";
import { absent, typeError } from "./later";

const bodyLengthMax = 1_048_576;
const traitsPerStepMax = 32;
// As in an event: deeper than anyone means.
const traitDepthMax = 32;

const idShape = /^[A-Za-z0-9_-]{1,64}$/;
const stepId = z
  .string("Give the step an id.")
  .regex(idShape, "A step id is 1 to 64 letters, digits, dashes and underscores.");
const variantId = z
  .string("Give the variant an id.")
  .regex(idShape, "A variant's id is 1 to 64 letters, digits, dashes and underscores.");
const oneLine = (lengthMax: number) =>
  z
    .string()
    .max(lengthMax, `At most ${lengthMax} characters.`)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, "Line breaks and control characters are not allowed here.");
const address = z.email("Give one bare address, such as hello@example.com.").max(320);
const body = z.string().max(bodyLengthMax, "At most 1 MB.");
const isBlank = (text: string | null) => text === null || text.trim() === "";

const sendEmailStep = z
  .strictObject({
    id: stepId,
    type: z.literal("send_email"),
    email_provider_id: z.uuid("Choose an email provider.").nullable().default(null),
    subject: oneLine(2_000).refine((text) => !isBlank(text), "Write a subject."),
    html: body.nullable().default(null),
    text: body.nullable().default(null),
    template_id: absent("template_id"),
    from_email: address.nullable().default(null),
    from_name: oneLine(200).nullable().default(null),
    reply_to_email: address.nullable().default(null),
    message_stream: oneLine(100).min(1, "Choose a stream, or null for the provider's own.").nullable().default(null),
  })
  .refine(({ html, text }) => !(isBlank(html) && isBlank(text)), {
    path: ["html"],
    message: "Write an HTML or a text body.",
  });

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
/** A time zone of the IANA database, such as `Europe/Berlin`. */
export const timezone = z.string().max(64).refine(isTimezone, "Use a time zone such as Europe/Berlin, or UTC.");

const until = z.strictObject({
  time: z
    .string("Give a time such as 09:00.")
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "Use a time of day from 00:00 to 23:59."),
  weekdays: z
    .array(z.enum(weekdays))
    .min(1, "Choose at least one weekday.")
    .refine((days) => new Set(days).size === days.length, "Name each weekday once.")
    .nullable()
    .default(null),
  timezone: z
    .union([z.literal("profile"), timezone], "Use “profile”, or a time zone such as Europe/Berlin.")
    .default("profile"),
});

const delayStep = z
  .strictObject({
    id: stepId,
    type: z.literal("delay"),
    for: duration.nullable().default(null),
    until: until.nullable().default(null),
  })
  .refine((step) => step.for !== null || step.until !== null, {
    path: ["for"],
    message: "Say how long to wait, or until when.",
  });

const exitStep = z.strictObject({ id: stepId, type: z.literal("exit") });

/** Traits to set; null removes one. The address is kept lower-cased. */
const traitsToSet = z
  .record(z.string(), z.unknown(), "Name the traits to set.")
  .superRefine((set, ctx) => {
    const count = Object.keys(set).length;
    if (count === 0) ctx.addIssue("Set at least one trait.");
    if (count > traitsPerStepMax) ctx.addIssue(`A step sets at most ${traitsPerStepMax} traits.`);
    for (const [name, value] of Object.entries(set)) {
      const tooDeep = isDeeperThan(value, traitDepthMax) ? `Nest at most ${traitDepthMax} levels deep.` : null;
      const message = tooDeep ?? traitProblem(name, value);
      if (message !== null) ctx.addIssue({ code: "custom", path: [name], message, input: value });
    }
  })
  .overwrite(keptTraits);
const updateProfileStep = z.strictObject({ id: stepId, type: z.literal("update_profile"), set: traitsToSet });

export type SendEmailStep = z.infer<typeof sendEmailStep>;
export type DelayStep = z.infer<typeof delayStep>;
export type UpdateProfileStep = z.infer<typeof updateProfileStep>;
type ExitStep = z.infer<typeof exitStep>;
/** The first branch whose condition holds is taken, `else` where none does; afterwards the outer list goes on. */
export type BranchStep = {
  id: string;
  type: "branch";
  branches: { when: Condition; steps: Step[] }[];
  else: Step[];
};
/** `then` once the event has come and `where` holds, `else` when it has not come within `timeout`. `event.` in `where` is that event. */
export type WaitForStep = {
  id: string;
  type: "wait_for";
  event: string;
  where: Condition | null;
  timeout: string;
  then: Step[];
  else: Step[];
};
/** One of the variants, by chance and by weight; the same person always gets the same one. */
export type SplitStep = {
  id: string;
  type: "split";
  variants: { id: string; weight: number; steps: Step[] }[];
};
export type Step = SendEmailStep | DelayStep | WaitForStep | BranchStep | SplitStep | UpdateProfileStep | ExitStep;

const nested: z.ZodType<Step[]> = z.lazy(() => z.array(step));
const branchStep = z.strictObject({
  id: stepId,
  type: z.literal("branch"),
  branches: z
    .array(z.strictObject({ when: condition, steps: nested }))
    .min(1, "Add at least one branch.")
    .max(10, "A step has at most 10 branches."),
  else: nested.default([]),
});
const waitForStep = z.strictObject({
  id: stepId,
  type: z.literal("wait_for"),
  event: eventName,
  where: condition.nullable().default(null),
  timeout: duration,
  then: nested.default([]),
  else: nested.default([]),
});
const weight = z
  .number("Give a weight.")
  .int("Use a whole number.")
  .min(1, "A weight is at least 1.")
  .max(1_000, "A weight is at most 1000.");
const splitStep = z.strictObject({
  id: stepId,
  type: z.literal("split"),
  variants: z
    .array(z.strictObject({ id: variantId, weight, steps: nested }))
    .min(2, "Add at least two variants.")
    .max(10, "A step has at most 10 variants.")
    .superRefine((variants, ctx) => {
      for (const [index, { id }] of variants.entries())
        if (variants.findIndex((other) => other.id === id) < index)
          ctx.addIssue({ code: "custom", path: [index, "id"], message: `The id “${id}” is used twice.`, input: id });
    }),
});
export const step = z
  .discriminatedUnion(
    "type",
    [sendEmailStep, delayStep, waitForStep, branchStep, splitStep, updateProfileStep, exitStep],
    {
      error: typeError({
        now: ["send_email", "delay", "wait_for", "branch", "split", "update_profile", "exit"],
        later: [],
      }),
    },
  )
  .meta({ id: "Step" });

/** Is this the name of a zone that this runtime's time zone database knows? */
export function isTimezone(name: string): boolean {
  // Offsets such as +02:00 are no zones: they know nothing of clock changes.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
