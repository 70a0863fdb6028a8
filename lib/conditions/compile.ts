import type { Comparison, PlainCondition } from "./comparison";
import { operators } from "./operators";

/**
 * `profile` and `event` are SQL expressions of type jsonb for what a rule may look at; `bind` takes a parameter and gives its placeholder.
 * Values and names of fields only ever travel as parameters.
 */
export type SqlScope = { profile: string; event: string; bind: (parameter: unknown) => string; now: Date };

/** The rule as a boolean SQL expression that says what `matches` says: never null and never an error. */
export function conditionSql(condition: PlainCondition, scope: SqlScope): string {
  if ("all" in condition) return joined(condition.all, "and", scope);
  if ("any" in condition) return joined(condition.any, "or", scope);
  if ("not" in condition) return `(not ${conditionSql(condition.not, scope)})`;
  return compare(condition, scope);
}

const joined = (members: readonly PlainCondition[], word: string, scope: SqlScope): string =>
  `(${members.map((member) => conditionSql(member, scope)).join(` ${word} `)})`;

function compare({ field, op, value }: Comparison, scope: SqlScope): string {
  // As in matches(): the value was parsed by the operator's own schema.
  const sql = operators[op].sql as (input: Omit<SqlScope, "profile" | "event"> & SqlValue) => string;
  return sql({ actual: fieldSql(field, scope), value, bind: scope.bind, now: scope.now });
}

type SqlValue = { actual: string; value: unknown };

/**
 * The value of a field as jsonb, null where there is none: what `readField` reads. PostgreSQL's `#>` takes more for a position in a list
 * than JavaScript does (-1, 01, +1), while its `->` with a text never looks into lists.
 */
function fieldSql(field: string, { profile, event, bind }: SqlScope): string {
  const [root, ...parts] = field.split(".");
  return parts.reduce(
    (sql, part) =>
      /^(?:0|[1-9]\d*)$/.test(part) ? `(${sql} #> array[${bind(part)}::text])` : `(${sql} -> ${bind(part)}::text)`,
    root === "profile" ? profile : event,
  );
}
