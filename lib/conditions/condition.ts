import * as z from "zod";
import { all, any, type Comparison, comparison, type Group, not } from "./comparison";
import { type Performed, performed, shallowPerformed } from "./performed";

/** How deep groups may nest, and how many conditions and groups there may be in one rule. */
export const conditionDepthMax = 8;
export const conditionNodesMax = 100;

/** A rule about a person, what they did, and the event that started their run. */
export type Condition = Group<Comparison | Performed>;

const nested: z.ZodType<Condition> = z.lazy(() => node);
const node = z.union([all(nested), any(nested), not(nested), performed, comparison]).meta({ id: "Condition" });

/**
 * Any rule as JSON. A plain union would answer every mistake with "invalid input", so `explain` walks the rule first and
 * says what is wrong and where; what it lets pass, the union accepts.
 */
export const condition = z.preprocess(explain, node);

/** Each kind on its own, its members unread, by the key that tells it apart. */
const shallow = {
  all: all(z.unknown()),
  any: any(z.unknown()),
  not: not(z.unknown()),
  performed: shallowPerformed,
  field: comparison,
} as const;
const later = {
  in_segment: "“in_segment” conditions are not available yet: they come with a later release.",
} as const;

/** `inside`: within the `where` of a `performed`. */
type Place = { path: PropertyKey[]; depth: number; inside: boolean };

function explain(input: unknown, ctx: z.RefinementCtx): unknown {
  let nodes = 0;
  const visit = (value: unknown, { path, depth, inside }: Place): void => {
    nodes += 1;
    if (nodes > conditionNodesMax) return;
    const kind = kindOf(value, { depth, inside });
    if ("problem" in kind) {
      ctx.addIssue({ code: "custom", path: [...path, ...kind.at], message: kind.problem, input });
      return;
    }
    for (const issue of shallow[kind.key].safeParse(value).error?.issues ?? [])
      ctx.addIssue({ ...issue, path: [...path, ...issue.path] });
    for (const [step, member] of membersOf(value, kind.key))
      visit(member, { path: [...path, ...step], depth: depth + 1, inside: inside || kind.key === "performed" });
  };

  visit(input, { path: [], depth: 1, inside: false });
  if (nodes > conditionNodesMax)
    ctx.addIssue({
      code: "custom",
      message: `A rule holds at most ${conditionNodesMax} conditions and groups.`,
      input,
    });
  return input;
}

type Kind = { key: keyof typeof shallow } | { problem: string; at: PropertyKey[] };

function kindOf(value: unknown, { depth, inside }: Omit<Place, "path">): Kind {
  if (depth > conditionDepthMax) return { problem: `Nest conditions at most ${conditionDepthMax} deep.`, at: [] };
  if (typeof value !== "object" || value === null) return { problem: shapes, at: [] };
  const unavailable = keyOf(later, value);
  if (unavailable !== undefined) return { problem: later[unavailable], at: [unavailable] };
  const key = keyOf(shallow, value) ?? (Object.hasOwn(value, "op") ? "field" : undefined);
  if (key === "performed" && inside)
    return { problem: "Inside “performed”, ask about the event that is counted, not about others.", at: [key] };
  return key === undefined ? { problem: shapes, at: [] } : { key };
}

const shapes =
  "A condition is {all: […]}, {any: […]}, {not: …}, {field, op, value} or {performed, where, count, within}.";

const keyOf = <T extends object>(table: T, value: object): keyof T | undefined =>
  // The keys of a literal table are exactly its type's keys.
  (Object.keys(table) as (keyof T)[]).find((key) => Object.hasOwn(value, key));

function membersOf(value: unknown, kind: keyof typeof shallow): [PropertyKey[], unknown][] {
  const named = (key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value;
  switch (kind) {
    case "field":
      return [];
    case "performed": {
      const where = named("where");
      return where === undefined || where === null ? [] : [[["where"], where]];
    }
    case "not":
      return [[["not"], named("not")]];
    default: {
      const inner = named(kind);
      return Array.isArray(inner) ? inner.map((member, index) => [[kind, index], member]) : [];
    }
  }
}
