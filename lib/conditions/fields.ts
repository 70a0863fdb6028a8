import * as z from "zod";

/**
 * What a condition may look at. `event` holds the properties of the event that started the run, empty where there was none; `performed` says
 * how often the person did what `performedQueries` asks for, by its keys.
 */
export type ConditionContext = {
  readonly profile: Readonly<Record<string, unknown>>;
  readonly event: Readonly<Record<string, unknown>>;
  readonly performed?: ReadonlyMap<string, number>;
};

const sentence =
  "A field is profile.… or event.…, at most 8 parts joined by dots, such as profile.plan or event.amount.";

/** A dotted path under `profile.` or `event.`, of at most 8 parts. */
export const field = z
  .string(sentence)
  .max(500)
  .regex(/^(?:profile|event)(?:\.[^.\p{Cc}]+){1,7}$/u, sentence)
  .meta({ examples: ["profile.plan", "event.amount"] });

/** The value of a field, undefined where there is none. Only own properties of plain data are followed, so prototypes are out of reach. */
export function readField(path: string, context: ConditionContext): unknown {
  const [root, ...parts] = path.split(".");
  let value: unknown = root === "profile" ? context.profile : root === "event" ? context.event : undefined;
  for (const part of parts) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) && !/^\d+$/.test(part)) return undefined;
    value = Object.getOwnPropertyDescriptor(value, part)?.value;
  }
  return value;
}

type Person = { id: string; externalId: string | null; traits: Readonly<Record<string, unknown>>; createdAt: Date };

/** A profile as conditions and templates see it: its traits, and the built-in fields, which no trait can stand in for. `email` is a trait. */
export const profileFields = ({ id, externalId, traits, createdAt }: Person): Record<string, unknown> => ({
  email: null,
  ...traits,
  id,
  external_id: externalId,
  created_at: createdAt.toISOString(),
});
