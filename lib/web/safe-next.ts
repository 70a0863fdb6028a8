/** A path of ours to go on to after signing in; anything else is the start page, so that no link of ours leads elsewhere. */
export const safeNext = (next: unknown): string =>
  typeof next === "string" && /^\/(?![/\\])[\w\-./~%?=&+]*$/.test(next) ? next : "/";
