/** Failed attempts that one address, and one origin, may make within the window. */
export const addressFailuresMax = 5;
export const originFailuresMax = 20;
export const windowSeconds = 15 * 60;

/** What to tell someone who has to wait. */
export function waitSentence(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  return `Too many failed attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
}
