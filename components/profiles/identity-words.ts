import type { IdentityChange } from "@/lib/sends/schema";

/** What happened to a person's ids, in a sentence. */
export function identitySentence({ kind, role, identifier, named, event }: IdentityChange): string {
  const id = identifier === null ? "An id" : `The ${identifier.kind} id ${identifier.value}`;
  switch (kind) {
    case "merged":
      return `Another profile became part of this person: ${event === null ? "an event" : `the event ${event}`} named both ${listed(named)}. Its history, runs and waiting emails are this person's.`;
    case "aliased":
      return identifier === null
        ? `Another profile became part of this person through an alias of ${listed(named)}.`
        : `${id} was attached by an alias of ${listed(named)}.`;
    case "taken_over":
      return role === "gained"
        ? `${id} was another identified person's until an event named it together with this person. What came before stays theirs.`
        : `${id} went to another identified person, whom an event named together with it. What came before stays here.`;
  }
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "it") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
