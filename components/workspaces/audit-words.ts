/** `member.role_changed` → `Member role changed`. */
export function actionWords(action: string): string {
  const words = action.replace(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The facts of an entry in one line: `from viewer · to admin`. */
export const factWords = (data: Record<string, unknown>): string =>
  Object.entries(data)
    .sort(([one], [other]) => one.localeCompare(other))
    .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${value === true ? "yes" : value === false ? "no" : value}`)
    .join(" · ");
