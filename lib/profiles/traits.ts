import { bareAddress } from "./address";

/** Of one profile, and so of one call; the stored whole takes at most 64 KB, which ingest() sees to. */
export const traitsMax = 256;
const traitBytesMax = 8 * 1024;
const traitNameLengthMax = 128;

/** What is wrong with one trait that is to be set, as a sentence; null where nothing is. The value null removes a trait. */
export function traitProblem(name: string, value: unknown): string | null {
  if (name === "") return "A trait needs a name.";
  if (name.length > traitNameLengthMax) return `A trait's name has at most ${traitNameLengthMax} characters.`;
  if (value === undefined) return "Give the trait a value; null removes it.";
  if (JSON.stringify(value).length > traitBytesMax) return "A trait takes at most 8 KB.";
  if (name === "email" && value !== null && bareAddress(value) === null)
    return "email must be exactly one bare address, such as ada@example.com, of at most 254 characters.";
  return null;
}

/** Traits as they are kept: the address lower-cased. */
export const keptTraits = (given: Record<string, unknown>): Record<string, unknown> =>
  typeof given.email === "string" ? { ...given, email: bareAddress(given.email) ?? given.email } : given;
