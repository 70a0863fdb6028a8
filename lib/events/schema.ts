import * as z from "zod";
import { eventName as plainEventName } from "../automations/schema";
import { bareAddress } from "./address";

export { jsonProblem, looksPlain } from "./json";

/** API.md §3. Bytes of a whole request body; one event may take no more than the first, in a batch too. */
export const eventBytesMax = 32 * 1024;
export const batchBytesMax = 256 * 1024;
const batchEventsMax = 100;
const propertiesMax = 32;
/** Of one profile, and so of one call; the table holds a profile to the same. */
const traitsMax = 256;
const traitBytesMax = 8 * 1024;
const traitNameLengthMax = 128;
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

const oneTrait = (given: unknown, name: string): string | undefined => {
  if (name === "") return "A trait needs a name.";
  if (name.length > traitNameLengthMax) return `A trait's name has at most ${traitNameLengthMax} characters.`;
  if (JSON.stringify(given).length > traitBytesMax) return "A trait takes at most 8 KB.";
  if (name === "email" && given !== null && bareAddress(given) === null)
    return "email must be exactly one bare address, such as ada@example.com, of at most 254 characters.";
  return undefined;
};

/** `null` removes one. The address is kept lower-cased. */
const traits = anObject("traits")
  .superRefine((given, context) => {
    if (Object.keys(given).length > traitsMax) context.addIssue(`A profile has at most ${traitsMax} traits.`);
    for (const [name, value] of Object.entries(given)) {
      const problem = oneTrait(value, name);
      if (problem !== undefined) context.addIssue({ code: "custom", message: problem, path: [name], input: value });
    }
  })
  .transform((given) => (typeof given.email === "string" ? { ...given, email: bareAddress(given.email) } : given));

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
