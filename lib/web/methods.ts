import "server-only";
import { operations } from "./operations-list";

/** Paths of machines beside the operations, and what they take. */
const others: readonly [RegExp, readonly string[]][] = [
  [/^\/v1\/openapi\.json$/, ["GET"]],
  [/^\/api\/webhooks\/[^/]+\/data_connections\/[^/]+\/[a-z]+$/, ["POST"]],
  [/^\/api\/cron\/dispatch$/, ["GET", "POST"]],
];

/** The path of each operation as a pattern, with its method. */
const paths = operations.map(({ path, method }): [RegExp, readonly string[]] => [patternOf(path), [method]]);

/**
 * The methods that may be asked of this path, with those that come with any (HEAD with GET, and OPTIONS); empty where the path is none
 * of the API. `more`: what is known of it besides.
 */
export function methodsOf(path: string, more: readonly string[]): readonly string[] {
  if (!path.startsWith("/v1/") && !path.startsWith("/api/")) return [];
  const found = [...paths, ...others].filter(([pattern]) => pattern.test(path)).flatMap(([, methods]) => methods);
  const methods = new Set([...found, ...more]);
  if (methods.size === 0) return [];
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].sort();
}

/** `{name}` stands for one part of a path. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+").replaceAll(".", "\\.")}$`);
}
