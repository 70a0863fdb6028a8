/** First words of paths that mean something else than a workspace. */
const taken = new Set([
  "api",
  "invitations",
  "reset",
  "sandbox",
  "sign-in",
  "sign-up",
  "u",
  "v1",
  "welcome",
  "workspace",
]);
const charactersMax = 40;

/** The words of a workspace's name that can stand in a URL: lower-case letters, digits and hyphens. */
export function slugOf(name: string): string {
  const words = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, charactersMax)
    .replace(/^-+|-+$/g, "");
  if (words === "") return "my-workspace";
  return taken.has(words) ? `${words}-workspace` : words;
}

/** What to try, in this order, until one is free. `chance` keeps the last one from being taken. */
export const slugCandidates = (name: string, chance: string): string[] => {
  const slug = slugOf(name);
  return [slug, ...[2, 3, 4, 5, 6, 7, 8, 9].map((number) => `${slug}-${number}`), `${slug}-${chance}`];
};
