/** Does this JSON nest lists and objects deeper than that? Asked level by level, so that no depth is too much for it. */
export function isDeeperThan(json: unknown, depthMax: number): boolean {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) return true;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return false;
}
