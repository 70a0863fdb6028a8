import * as z from "zod";

/** What people may set about how much leaves through a connection, and what is shown of how it lives. Opens through `schema.ts`. */

export const callsAtOnceLimit = 8;
export const sendsPerSecondLimit = 1_000;

const whole = (max: number, words: string) =>
  z.number(words).int(words).min(1, words).max(max, words).nullish().describe("Null: no limit.");

const warmUpPlan = z.strictObject({
  start_per_day: z
    .number("Enter how many leave on the first day.")
    .int("Enter a whole number.")
    .min(1, "Begin with 1 a day at least.")
    .max(1_000_000, "Begin with at most 1,000,000 a day."),
  growth: z
    .number("Enter a factor such as 1.5.")
    .min(1.01, "The ceiling must grow: enter 1.01 to 3.")
    .max(3, "Providers take more than threefold a day for a burst: enter 1.01 to 3."),
  until: z
    .number("Enter at how many a day the warm-up is over.")
    .int("Enter a whole number.")
    .min(1, "Enter 1 at least.")
    .max(100_000_000, "Enter at most 100,000,000."),
});
export type WarmUpPlan = z.infer<typeof warmUpPlan>;

/** The part of a stored plan that is read back: what a newer release adds is left alone. */
export const storedWarmUp = z.object({ start_per_day: z.number(), growth: z.number(), until: z.number() });

const warmUpInput = warmUpPlan
  .refine(({ start_per_day: start, until }) => until > start, {
    path: ["until"],
    message: "The warm-up must end at more than it begins with.",
  })
  .nullish();

/** Fields of a change of a connection. */
export const lifeChange = {
  is_default: z
    .literal(true, "A workspace always has a default connection: make another one the default instead.")
    .optional()
    .describe("Makes it the workspace's default, with which a new email step begins."),
  sends_per_second_max: whole(sendsPerSecondLimit, `Enter a whole number from 1 to ${sendsPerSecondLimit}.`),
  calls_at_once_max: whole(callsAtOnceLimit, `Enter a whole number from 1 to ${callsAtOnceLimit}.`),
  warm_up: warmUpInput.describe("A daily ceiling that grows; what is beyond it waits for the next day (UTC)."),
};

const instant = z.iso.datetime();

const breakerStates = ["closed", "half_open", "open"] as const;

/** Fields of a connection as people and programs see it. */
export const lifeFields = {
  is_default: z.boolean(),
  sends_per_second_max: z.number().nullable(),
  calls_at_once_max: z.number().nullable(),
  warm_up: z
    .object({
      ...storedWarmUp.shape,
      ceiling_today: z.number().nullable().describe("Null: the plan has reached its end."),
      used_today: z.number(),
    })
    .nullable(),
  breaker: z
    .object({
      state: z.enum(breakerStates),
      since: instant.nullable(),
      until: instant.nullable().describe("When one small batch finds out whether it is well."),
      why: z.string().nullable(),
    })
    .describe("Open: calls went wrong in a row, so nothing leaves until one small batch has passed."),
};
const life = z.object(lifeFields);
export type Life = z.infer<typeof life>;

// ——— How it went

export const healthWindows = ["24h", "7d", "30d"] as const;
export const connectionHealthInput = z.strictObject({
  id: z.string().max(64),
  window: z.enum(healthWindows).default("24h"),
});
export type ConnectionHealthInput = z.output<typeof connectionHealthInput>;

const counts = {
  sent: z.number(),
  delivered: z.number(),
  bounced: z.number(),
  complained: z.number(),
};
const latency = {
  latency_ms_avg: z.number().nullable().describe("Of calls to the provider; null without any."),
  latency_ms_max: z.number().nullable(),
};
export const connectionHealth = z.object({
  window: z.enum(healthWindows),
  bucket: z.enum(["hour", "day"]),
  acceptance_rate: z
    .number()
    .nullable()
    .describe("Of the messages that the provider was asked to take, the share it took; null without any."),
  totals: z.object({ ...counts, calls: z.number(), messages: z.number(), accepted: z.number(), ...latency }),
  errors: z
    .array(z.object({ outcome: z.string(), code: z.number().nullable(), calls: z.number(), messages: z.number() }))
    .describe("What was not accepted, by the provider's code, the most frequent first."),
  buckets: z.array(z.object({ at: instant, ...counts, calls: z.number(), ...latency })),
});
export type ConnectionHealth = z.infer<typeof connectionHealth>;
