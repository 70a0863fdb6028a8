import type { z } from "zod";

/** The parts of zod's own description of a schema that are walked here; all kinds share one loose shape. */
type Def = {
  type: string;
  shape?: Record<string, z.ZodType>;
  catchall?: z.ZodType;
  innerType?: z.ZodType;
  in?: z.ZodType;
  out?: z.ZodType;
  getter?: () => z.ZodType;
  options?: readonly z.ZodType[];
  left?: z.ZodType;
  right?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
};

// zod publishes each kind's description by itself; a loose one is enough to walk them all.
const defOf = (schema: z.ZodType): Def => schema.def as unknown as Def;

/** The keys that objects may have at a path of a schema, in any of its variants. Null where every key is allowed, or none is an object. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[] = []): string[] | null {
  let at = plain(schema);
  for (const key of path) at = at.flatMap((one) => child(one, key)).flatMap(plain);
  const objects = at.filter((one) => defOf(one).type === "object");
  const isOpen = at.some(
    (one) => defOf(one).type === "record" || !["never", undefined].includes(typeOf(defOf(one).catchall)),
  );
  if (objects.length === 0 || isOpen) return null;
  return [...new Set(objects.flatMap((one) => Object.keys(defOf(one).shape ?? {})))];
}

/** The known name that is most like `given`, if any is like it: same letters in another spelling, or a slip or two. */
function nearestName(given: string, known: readonly string[]): string | null {
  const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const ranked = known
    .map((name) => ({ name, distance: editDistance(bare(given), bare(name)) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance < best.name.length && best.distance <= Math.max(2, Math.floor(best.name.length / 3))
    ? best.name
    : null;
}

/** A sentence for a key that does not exist. */
export function unknownKeySentence(given: string, known: readonly string[]): string {
  if (known.includes(given)) return `“${given}” belongs to another kind than what is given here.`;
  const nearest = nearestName(given, known);
  if (nearest !== null) return `There is no key “${given}”. Did you mean ${nearest}?`;
  return known.length === 0
    ? `There is no key “${given}”: nothing is expected here.`
    : `There is no key “${given}”. The keys are ${known.join(", ")}.`;
}

const typeOf = (schema: z.ZodType | undefined) => schema && defOf(schema).type;

/** What stands behind wrappers, unions and intersections. */
function plain(schema: z.ZodType): z.ZodType[] {
  const def = defOf(schema);
  const inner =
    def.innerType ?? (def.type === "pipe" ? (typeOf(def.in) === "transform" ? def.out : def.in) : def.getter?.());
  if (inner) return plain(inner);
  if (def.options) return def.options.flatMap(plain);
  return def.left && def.right ? [...plain(def.left), ...plain(def.right)] : [schema];
}

function child(schema: z.ZodType, key: PropertyKey): z.ZodType[] {
  const def = defOf(schema);
  const found = def.shape?.[String(key)] ?? def.element ?? def.valueType;
  return found ? [found] : [];
}

/** Levenshtein's. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}
