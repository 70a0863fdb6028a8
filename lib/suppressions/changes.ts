import { normalEmail, type SuppressionChange, type SuppressionReason, type SuppressionScope } from "./schema";

/** Stands where a suppression belongs to no one connection. */
export const nilConnection = "00000000-0000-0000-0000-000000000000";
/** Stands where it belongs to no one stream. */
const everyStream = "*";

/** What one row is about. Its newest change is its state. */
type SuppressionKey = {
  email: string;
  scope: SuppressionScope;
  connectionId: string;
  stream: string;
  reason: SuppressionReason;
};
export type SuppressionState = SuppressionKey &
  Pick<SuppressionChange, "active" | "origin" | "changedAt"> & { listed: boolean };

/** The rows that the changes come to: one for each key, the newest; sorted by key, which is the order in which they are locked. */
export function foldChanges(changes: readonly SuppressionChange[]): SuppressionState[] {
  const newest = new Map<string, SuppressionState>();
  for (const row of changes.flatMap(spread)) {
    const key = keyText(row);
    const seen = newest.get(key);
    if (!seen || outranks(row, seen)) newest.set(key, row);
  }
  return [...newest].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

/**
 * A reactivation names no reason, and older news of the bounce that it undoes may come later: so it is written down for every
 * reason that the stream can have had, also where nothing held yet.
 */
function spread(change: SuppressionChange): SuppressionState[] {
  const email = normalEmail(change.email);
  if (email === "") return [];
  const { active, origin, changedAt } = change;
  const here = { connectionId: change.connectionId ?? nilConnection, stream: change.stream ?? everyStream };
  const row = (scope: SuppressionState["scope"], reason: SuppressionReason): SuppressionState => ({
    email,
    scope,
    // What a provider's list says holds for the workspace too, but only that list lifts it: each list has its own row, beside ours.
    ...here,
    reason,
    active,
    origin,
    changedAt,
    listed: change.listed ?? origin === "provider",
  });
  if (change.reason !== null) return [row(change.scope, change.reason)];
  if (active) return [row(change.scope, "manual")];
  return [
    row("workspace", "hard_bounce"),
    row("workspace", "spam_complaint"),
    row("workspace", "manual"),
    row("stream", "unsubscribe"),
    row("stream", "manual"),
  ];
}

/** The newest wins; at the same millisecond the one that protects the recipient. A total order, so the order of arrival does not matter. */
function outranks(one: SuppressionState, other: SuppressionState): boolean {
  const later = one.changedAt.getTime() - other.changedAt.getTime();
  if (later !== 0) return later > 0;
  if (one.active !== other.active) return one.active;
  if (one.origin !== other.origin) return one.origin > other.origin;
  return one.listed && !other.listed;
}

const keyText = (key: SuppressionKey): string =>
  [key.email, key.scope, key.connectionId, key.stream, key.reason].join("\n");
