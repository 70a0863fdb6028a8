import "server-only";
import type { Tenant } from "../actor";
import { conditionSql, durationMs, needsProfile, type PerformedQuery } from "../conditions/schema";
import type { Db } from "../db";

/** `ref` is the caller's own name for whoever it asks about. `at`: as of then and not of now; what was stored later is not counted. */
export type PerformedAsk = { ref: string; profileId: string; query: PerformedQuery; at?: Date };

/** Of one statement: rules take parameters, of which PostgreSQL has 65,535. */
const asksMax = 5_000;
const rulesMax = 50;

/**
 * How often people did what is asked, as of `now`: by `ref`, then by the query's key. A person is all that was merged into them, whichever of
 * those ids is given; whoever does not exist did nothing. One statement for any usual number of people and questions, in which each
 * question reads a person's events of one name and one window, and stops at what the answer needs.
 */
export async function countPerformed(
  db: Db,
  tenant: Tenant,
  asks: readonly PerformedAsk[],
  now: Date,
): Promise<Map<string, Map<string, number>>> {
  const counts = new Map<string, Map<string, number>>();
  for (const { ref, query } of asks) counts.set(ref, (counts.get(ref) ?? new Map()).set(query.key, 0));
  for (const piece of inPieces(asks)) {
    const { sql, parameters } = statement(tenant, piece, now);
    for (const { position, times } of await db.sql<{ position: number; times: number }>(sql, parameters)) {
      const ask = piece[position];
      if (ask) counts.get(ask.ref)?.set(ask.query.key, times);
    }
  }
  return counts;
}

const ruleOf = ({ query, at }: PerformedAsk): string => JSON.stringify([query.where, at?.getTime()]);

function inPieces(asks: readonly PerformedAsk[]): PerformedAsk[][] {
  const pieces: PerformedAsk[][] = [];
  let piece: PerformedAsk[] = [];
  const rules = new Set<string>();
  for (const ask of asks) {
    const rule = ruleOf(ask);
    if (piece.length === asksMax || (rules.size === rulesMax && !rules.has(rule))) {
      piece = [];
      rules.clear();
    }
    if (piece.length === 0) pieces.push(piece);
    piece.push(ask);
    rules.add(rule);
  }
  return pieces;
}

/** Questions with the same `where` are asked together, each with its own event, window and limit. */
function statement(tenant: Tenant, asks: readonly PerformedAsk[], now: Date) {
  const parameters: unknown[] = [tenant.workspaceId];
  const bind = (parameter: unknown) => `$${parameters.push(parameter)}`;
  const byRule = new Map<string, [number, PerformedAsk][]>();
  for (const [position, ask] of asks.entries()) {
    const same = byRule.get(ruleOf(ask)) ?? [];
    same.push([position, ask]);
    byRule.set(ruleOf(ask), same);
  }
  const sql = [...byRule.values()]
    .map((same) => countSql(same, { bind, now: same[0]?.[1].at ?? now }))
    .join("\nunion all\n");
  return { sql, parameters };
}

type Scope = { bind: (parameter: unknown) => string; now: Date };

function countSql(asks: readonly [number, PerformedAsk][], { bind, now }: Scope): string {
  const where = asks[0]?.[1].query.where ?? null;
  const at = asks[0]?.[1].at;
  const column = (of: (query: PerformedQuery) => unknown) => bind(asks.map(([, { query }]) => of(query)));
  const since = ({ within }: PerformedQuery) =>
    within === null ? "-infinity" : new Date(now.getTime() - durationMs(within)).toISOString();
  const holds = where && conditionSql(where, { profile: "person.fields", event: "e.properties", bind, now });
  // "is true", because an id is no index to go by here: a range of ids would look to the planner as if it were.
  const then =
    at === undefined ? "" : `and (e.id < uuid_floor(${bind(new Date(at.getTime() + 1))}::timestamptz)) is true`;
  // A window would bound the ids too, and with them the partitions. But then the primary key may look cheaper to the planner than the index
  // of a person's events, which bounds the cost whatever it believes: a look into each month's index is the lesser evil.
  return `select a.position, counted.times
    from unnest(${bind(asks.map(([position]) => position))}::int[], ${bind(asks.map(([, { profileId }]) => profileId))}::uuid[],
        ${column((query) => query.event)}::text[], ${column(since)}::timestamptz[], ${column((query) => query.countMax)}::int[])
        a(position, profile_id, name, since, most)
    join profiles q on q.workspace_id = $1 and q.id = a.profile_id
    cross join lateral (select coalesce(q.merged_into_id, q.id) as id) survivor
    ${where && needsProfile(where) ? personSql : ""}
    cross join lateral (
      select count(*)::int as times from (
        select from (
          select survivor.id union all select t.id from profiles t where t.workspace_id = $1 and t.merged_into_id = survivor.id) p
        cross join lateral (
          select from events e
          where e.workspace_id = $1 and e.profile_id = p.id and e.name = a.name and e.occurred_at >= a.since
            ${then}
            ${holds === null ? "" : `and ${holds}`}
          limit a.most) found
        limit a.most) f) counted`;
}

/** What profileFields() of lib/conditions makes of a person. */
const personSql = `cross join lateral (
      select '{"email": null}'::jsonb || s.traits || jsonb_build_object('id', s.id,
        'external_id', (select i.value from identifiers i where i.workspace_id = $1 and i.profile_id = s.id and i.kind = 'external'
          order by i.created_at, i.value limit 1),
        'created_at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as fields
      from profiles s where s.workspace_id = $1 and s.id = survivor.id) person`;
