/** Deeper JSON than anyone means; PostgreSQL's and our own parsers are recursive. */
const eventDepthMax = 32;

/**
 * What is wrong with a piece of JSON that parsed well and yet cannot be kept: U+0000 and halves of surrogate pairs, which
 * PostgreSQL's text cannot hold, and bottomless nesting.
 * @returns a sentence, or null
 */
export function jsonProblem(value: unknown, depthMax = eventDepthMax): string | null {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > depthMax) return `Nest at most ${depthMax} levels deep.`;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === "string") {
        const problem = textProblem(item);
        if (problem !== null) return problem;
      } else if (typeof item === "object" && item !== null) {
        for (const [key, inner] of Object.entries(item)) {
          const problem = textProblem(key);
          if (problem !== null) return problem;
          next.push(inner);
        }
      }
    }
    level = next;
  }
  return null;
}

/** Whether this JSON text can hold what `jsonProblem` looks for at all: most bodies need no second look. */
export const looksPlain = (text: string): boolean =>
  !/\\u(?:0000|[dD][89a-fA-F])/.test(text) && text.split(/[[{]/, eventDepthMax + 2).length <= eventDepthMax;

function textProblem(text: string): string | null {
  if (text.includes("\u0000")) return "U+0000 cannot be stored.";
  return text.isWellFormed() ? null : "The text holds half of a surrogate pair, which is not valid Unicode.";
}
