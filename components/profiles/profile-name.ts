import type { Profile } from "@/lib/profiles/schema";

/** What a person is called: by their traits, else by an id of theirs. */
export function profileName({ traits, email, external_id, anonymous_ids }: NamedBy): string {
  const word = (name: string) => (typeof traits[name] === "string" ? traits[name].trim() : "");
  const full = word("name") || [word("first_name"), word("last_name")].filter(Boolean).join(" ");
  return full || email || external_id || anonymous_ids[0] || "Somebody";
}

type NamedBy = Pick<Profile, "traits" | "email" | "external_id" | "anonymous_ids">;
