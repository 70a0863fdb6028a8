import * as z from "zod";
import { condition, duration } from "../conditions/schema";

/** How large a definition may be. */
export const stepsMax = 200;
/** Branches inside branches. */
export const nestingMax = 5;
const bodyLengthMax = 1_048_576;
// Deeper JSON than any definition within the limits; refused before a recursive schema walks it.
const jsonDepthMax = 80;

export const notYet = (what: string) => `“${what}” is not available yet: it comes with a later release.`;
/** For a union told apart by `type`: a type that is known but comes later is named; any other gets the list. */
const typeError =
  ({ now, later }: { now: string[]; later: string[] }) =>
  ({ input }: { input?: unknown }) => {
    const given =
      typeof input === "object" && input !== null ? Object.getOwnPropertyDescriptor(input, "type")?.value : undefined;
    return later.includes(given) ? notYet(given) : `Choose a type: ${now.join(", ")}.`;
  };
const absent = (name: string) => z.null(notYet(name)).default(null);

const stepId = z
  .string("Give the step an id.")
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "A step id is 1 to 64 letters, digits, dashes and underscores.");
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

export type SendEmailStep = z.infer<typeof sendEmailStep>;
export type DelayStep = z.infer<typeof delayStep>;
type ExitStep = z.infer<typeof exitStep>;
/** The first branch whose condition holds is taken, `else` where none does; afterwards the outer list goes on. */
export type BranchStep = {
  id: string;
  type: "branch";
  branches: { when: z.infer<typeof condition>; steps: Step[] }[];
  else: Step[];
};
export type Step = SendEmailStep | DelayStep | BranchStep | ExitStep;

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
const step = z
  .discriminatedUnion("type", [sendEmailStep, delayStep, branchStep, exitStep], {
    error: typeError({
      now: ["send_email", "delay", "branch", "exit"],
      later: ["wait_for", "split", "update_profile"],
    }),
  })
  .meta({ id: "Step" });

export const eventName = z
  .string("Name the event.")
  .regex(
    /^[a-z][a-z0-9_]{0,63}$/,
    "An event name is a lower-case letter, then up to 63 lower-case letters, digits and underscores.",
  );

const eventTrigger = z.strictObject({
  type: z.literal("event"),
  event: eventName,
  where: condition.nullable().default(null),
  source: z.enum(["any", "server"]).default("any"),
});
const trigger = z.discriminatedUnion("type", [eventTrigger], {
  error: typeError({ now: ["event"], later: ["segment_entered", "date", "manual"] }),
});

const reentry = z.enum(["once", "every_time"], {
  error: ({ input }) =>
    typeof input === "object" && input !== null && "once_every" in input
      ? notYet("once_every")
      : "Use once or every_time.",
});
export type Reentry = z.infer<typeof reentry>;

/** What an automation does, as the fields of an object: the resource and the inputs carry them beside their own. Check with `checkSteps`. */
export const definitionFields = {
  trigger,
  audience: condition.nullable().default(null),
  reentry: reentry.default("once"),
  exit_when: z.array(z.unknown()).max(0, notYet("exit_when")).nullable().default(null),
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
      if (step.type !== "branch") continue;
      if (depth > nestingMax) refuse(at, `Nest branches at most ${nestingMax} deep.`);
      for (const [number, branch] of step.branches.entries())
        visit(branch.steps, [...at, "branches", number, "steps"], depth + 1);
      visit(step.else, [...at, "else"], depth + 1);
    }
  };
  visit(steps, ["steps"], 1);
  if (count > stepsMax) refuse(["steps"], `An automation has at most ${stepsMax} steps.`);
}

/** What an automation does: what is edited, and what a version keeps for ever. */
export const automationDefinition = z.strictObject(definitionFields).superRefine(checkSteps);
export type AutomationDefinition = z.infer<typeof automationDefinition>;

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

function boundDepth(input: unknown, ctx: z.RefinementCtx): unknown {
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > jsonDepthMax) {
      ctx.addIssue({ code: "custom", message: `Nest branches at most ${nestingMax} deep.`, input });
      return z.NEVER;
    }
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return input;
}
