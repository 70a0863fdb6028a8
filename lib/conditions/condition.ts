import * as z from "zod";
import { field } from "./fields";
import { type OperatorName, operators } from "./operators";

/** How deep groups may nest, and how many conditions and groups there may be in one rule. */
export const conditionDepthMax = 8;
export const conditionNodesMax = 100;

const comparing = <N extends OperatorName, V extends z.ZodType>(op: N, { value }: { value: V }) =>
  z.strictObject({ field, op: z.literal(op), value });

const comparison = z.discriminatedUnion(
  "op",
  [
    comparing("eq", operators.eq),
    comparing("neq", operators.neq),
    comparing("gt", operators.gt),
    comparing("gte", operators.gte),
    comparing("lt", operators.lt),
    comparing("lte", operators.lte),
    comparing("contains", operators.contains),
    comparing("not_contains", operators.not_contains),
    comparing("starts_with", operators.starts_with),
    comparing("ends_with", operators.ends_with),
    comparing("exists", operators.exists),
    comparing("not_exists", operators.not_exists),
    comparing("in", operators.in),
    comparing("not_in", operators.not_in),
    comparing("before", operators.before),
    comparing("after", operators.after),
    comparing("within_last", operators.within_last),
    comparing("more_than_ago", operators.more_than_ago),
  ],
  { error: `Choose an operator: ${Object.keys(operators).join(", ")}.` },
);

/** One field, one operator, one value. */
export type Comparison = z.infer<typeof comparison>;
/** A rule about a person and the event that started their run. */
export type Condition = { all: Condition[] } | { any: Condition[] } | { not: Condition } | Comparison;

const members = <T>(node: z.ZodType<T>) => z.array(node).min(1, "Add at least one condition.");
const all = <T>(node: z.ZodType<T>) => z.strictObject({ all: members(node) });
const any = <T>(node: z.ZodType<T>) => z.strictObject({ any: members(node) });
const not = <T>(node: z.ZodType<T>) => z.strictObject({ not: node });

const nested: z.ZodType<Condition> = z.lazy(() => node);
const node = z.union([all(nested), any(nested), not(nested), comparison]).meta({ id: "Condition" });

/**
 * Any rule as JSON. A plain union would answer every mistake with "invalid input", so `explain` walks the rule first and
 * says what is wrong and where; what it lets pass, the union accepts.
 */
export const condition = z.preprocess(explain, node);

/** Each kind on its own, its members unread, by the key that tells it apart. */
const shallow = { all: all(z.unknown()), any: any(z.unknown()), not: not(z.unknown()), field: comparison } as const;
const later = {
  performed: "“performed” conditions are not available yet: they come with a later release.",
  in_segment: "“in_segment” conditions are not available yet: they come with a later release.",
} as const;

function explain(input: unknown, ctx: z.RefinementCtx): unknown {
  let nodes = 0;
  const visit = (value: unknown, path: PropertyKey[], depth: number): void => {
    nodes += 1;
    if (nodes > conditionNodesMax) return;
    const kind = kindOf(value, depth);
    if ("problem" in kind) {
      ctx.addIssue({ code: "custom", path: [...path, ...kind.at], message: kind.problem, input });
      return;
    }
    for (const issue of shallow[kind.key].safeParse(value).error?.issues ?? [])
      ctx.addIssue({ ...issue, path: [...path, ...issue.path] });
    for (const [step, member] of membersOf(value, kind.key)) visit(member, [...path, ...step], depth + 1);
  };

  visit(input, [], 1);
  if (nodes > conditionNodesMax)
    ctx.addIssue({
      code: "custom",
      message: `A rule holds at most ${conditionNodesMax} conditions and groups.`,
      input,
    });
  return input;
}

type Kind = { key: keyof typeof shallow } | { problem: string; at: PropertyKey[] };

function kindOf(value: unknown, depth: number): Kind {
  if (depth > conditionDepthMax) return { problem: `Nest conditions at most ${conditionDepthMax} deep.`, at: [] };
  if (typeof value !== "object" || value === null) return { problem: shapes, at: [] };
  const unavailable = keyOf(later, value);
  if (unavailable !== undefined) return { problem: later[unavailable], at: [unavailable] };
  const key = keyOf(shallow, value) ?? (Object.hasOwn(value, "op") ? "field" : undefined);
  return key === undefined ? { problem: shapes, at: [] } : { key };
}

const shapes = "A condition is {all: […]}, {any: […]}, {not: …} or {field, op, value}.";

const keyOf = <T extends object>(table: T, value: object): keyof T | undefined =>
  // The keys of a literal table are exactly its type's keys.
  (Object.keys(table) as (keyof T)[]).find((key) => Object.hasOwn(value, key));

function membersOf(value: unknown, kind: keyof typeof shallow): [PropertyKey[], unknown][] {
  const inner: unknown = Object.getOwnPropertyDescriptor(value, kind)?.value;
  if (kind === "field") return [];
  if (kind === "not") return [[[kind], inner]];
  return Array.isArray(inner) ? inner.map((member, index) => [[kind, index], member]) : [];
}
