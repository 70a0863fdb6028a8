import * as z from "zod";
import { field } from "./fields";
import { type OperatorName, operators } from "./operators";

const comparing = <N extends OperatorName, V extends z.ZodType>(op: N, { value }: { value: V }) =>
  z.strictObject({ field, op: z.literal(op), value });

export const comparison = z.discriminatedUnion(
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
/** Leaves joined by all, any and not. */
export type Group<Leaf> = { all: Group<Leaf>[] } | { any: Group<Leaf>[] } | { not: Group<Leaf> } | Leaf;
/** A rule of comparisons alone, as it stands inside `performed`, where `event.` is the event that is counted. */
export type PlainCondition = Group<Comparison>;

const members = <T>(node: z.ZodType<T>) => z.array(node).min(1, "Add at least one condition.");
export const all = <T>(node: z.ZodType<T>) => z.strictObject({ all: members(node) });
export const any = <T>(node: z.ZodType<T>) => z.strictObject({ any: members(node) });
export const not = <T>(node: z.ZodType<T>) => z.strictObject({ not: node });

const nested: z.ZodType<PlainCondition> = z.lazy(() => plainCondition);
/** Says "invalid input" of every mistake: `explain` in condition.ts has gone through it before and said what is wrong. */
export const plainCondition = z
  .union([all(nested), any(nested), not(nested), comparison])
  .meta({ id: "PlainCondition" });
