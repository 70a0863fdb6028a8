import * as z from "zod";
import { eventName as plainEventName } from "../conditions/schema";
import { keptTraits, traitProblem, traitsMax } from "../profiles/schema";

export { jsonProblem, looksPlain } from "./json";

/** API.md §3. Bytes of a whole request body; one event may take no more than the first, in a batch too. */
export const eventBytesMax = 32 * 1024;
export const batchBytesMax = 256 * 1024;
const batchEventsMax = 100;
const propertiesMax = 32;
const idLengthMax = 255;

/** What an identify is called in a stream of events, and in a person's history. */
export const identifyName = "$identify";

const text = (what: string) =>
  z
    .string(`${what} must be text.`)
    .min(1, `${what} must not be empty.`)
    .max(idLengthMax, `${what} has at most ${idLengthMax} characters.`)
    .nullish()
    .transform((value) => value ?? null);

const anObject = (what: string) => z.record(z.string(), z.unknown(), `${what} must be an object.`);

const properties = anObject("properties")
  .refine(
    (given) => Object.keys(given).length <= propertiesMax,
    `An event has at most ${propertiesMax} properties; put lists and details into one of them.`,
  )
  .nullish()
  .transform((given) => given ?? {});

/** `null` removes one. The address is kept lower-cased. */
const traits = anObject("traits")
  .superRefine((given, context) => {
    if (Object.keys(given).length > traitsMax) context.addIssue(`A profile has at most ${traitsMax} traits.`);
    for (const [name, value] of Object.entries(given)) {
      const problem = traitProblem(name, value);
      if (problem !== null) context.addIssue({ code: "custom", message: problem, path: [name], input: value });
    }
  })
  .transform(keptTraits);

const timestamp = z.iso
  .datetime({ offset: true, error: "timestamp must be ISO 8601 with a zone, such as 2026-11-21T09:30:00Z." })
  .nullish()
  .transform((given) => given ?? null);

const eventName = z
  .string("Name the event.")
  .refine(
    (name) => name === identifyName || plainEventName.safeParse(name).success,
    "An event name is a lower-case letter, then up to 63 lower-case letters, digits and underscores.",
  );

const anEvent = "The body of an event is a JSON object.";
const envelope = {
  anonymous_id: text("anonymous_id"),
  external_id: text("external_id"),
  timestamp,
  context: anObject("context")
    .nullish()
    .transform((given) => given ?? null),
  message_id: text("message_id"),
};

/** One event as it comes; unknown keys are passed over. `$identify` takes `traits`, all others `properties`. */
export const eventInput = z.object(
  {
    event: eventName,
    ...envelope,
    user_id: text("user_id"),
    properties,
    traits: traits.nullish().transform((given) => given ?? null),
  },
  anEvent,
);
export type EventInput = z.output<typeof eventInput>;

export const identifyInput = z.object(
  { ...envelope, traits: traits.nullish().transform((given) => given ?? {}) },
  anEvent,
);

export const batchInput = z.object(
  {
    events: z
      .array(z.unknown(), "events must be a list.")
      .min(1, "Send at least one event.")
      .max(batchEventsMax, `A batch holds at most ${batchEventsMax} events.`),
  },
  "The body of a batch is a JSON object with a list of events.",
);

/** Who survives, by any of the three ids, and what is folded in. Unknown keys are passed over, as of events. */
export const aliasInput = z
  .looseObject(
    {
      user_id: z
        .string("Name the person who stays: user_id.")
        .min(1, "user_id must not be empty.")
        .max(idLengthMax, `user_id has at most ${idLengthMax} characters.`),
      anonymous_id: text("anonymous_id"),
      previous_id: text("previous_id"),
      request_id: text("request_id"),
    },
    "The body of an alias is a JSON object.",
  )
  .refine(
    ({ anonymous_id, previous_id }) => anonymous_id !== null || previous_id !== null,
    "Give what is to be folded in: anonymous_id or previous_id.",
  );
export type AliasInput = z.output<typeof aliasInput>;

export const aliasAnswer = z.object({
  alias: z.object({
    user_id: z.string(),
    anonymous_id: z.string().optional(),
    previous_id: z.string().optional(),
    merged_at: z.iso.datetime(),
  }),
  request_id: z.string().optional().describe("As it was given."),
});
export type AliasAnswer = z.infer<typeof aliasAnswer>;

const count = z.int().nonnegative();

/** On disk, in the same transaction as the enrollments that it caused. */
export const accepted = z.object({ accepted: count, rejected: count, request_id: z.string() });
export type Accepted = z.infer<typeof accepted>;

export const batchAccepted = z.object({
  accepted: count,
  rejected: count,
  /** `index` points into the request's events. */
  errors: z.array(z.object({ index: count, error: z.string(), detail: z.string() })),
  request_id: z.string(),
});
export type BatchAccepted = z.infer<typeof batchAccepted>;
