import * as z from "zod";

/** What a definition may name one day and not yet: known, and refused in words. */
const notYet = (what: string) => `“${what}” is not available yet: it comes with a later release.`;

/** For a union told apart by `type`: a type that is known but comes later is named; any other gets the list. */
export const typeError =
  ({ now, later }: { now: string[]; later: string[] }) =>
  ({ input }: { input?: unknown }) => {
    const given =
      typeof input === "object" && input !== null ? Object.getOwnPropertyDescriptor(input, "type")?.value : undefined;
    return later.includes(given) ? notYet(given) : `Choose a type: ${now.join(", ")}.`;
  };

/** A field that holds nothing yet. */
export const absent = (name: string) => z.null(notYet(name)).default(null);
