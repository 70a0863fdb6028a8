import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import type { WarmUpPlan } from "./life-schema";

/** How a connection stands, as the database reads it off lanes and limits in one moment. */
export type LifeRow = {
  id: string;
  is_default: boolean;
  sends_per_second_max: number | null;
  calls_at_once_max: number | null;
  warm_up: unknown;
  ceiling_today: number | null;
  used_today: number;
  /** Failures in a row of the lane that has most, when they open the breaker. */
  broken: boolean;
  open: boolean;
  since: Date | null;
  until: Date | null;
  why: string | null;
};

/** Reads the lanes, which are the engine's: its room stands above this one. */
export const readLives = (db: Db, tenant: Tenant, ids: readonly string[]): Promise<LifeRow[]> =>
  db.sql<LifeRow>(
    `select c.id, d.connection_id is not null as is_default, m.sends_per_second_max, m.calls_at_once_max, m.warm_up,
       warm_up_ceiling(m.warm_up, m.warm_up_from, t.today) as ceiling_today,
       case when m.day = t.today then m.day_used else 0 end as used_today,
       l.id is not null as broken, coalesce(l.until > t.at, false) as open, l.since, l.until, l.why
     from connections c
     cross join (select clock_timestamp() as at, (clock_timestamp() at time zone 'UTC')::date as today) t
     left join default_connections d on d.workspace_id = $1 and d.connection_id = c.id
     left join connection_limits m on m.workspace_id = $1 and m.connection_id = c.id
     left join lateral (select l.connection_id as id, l.open_since as since, l.not_before as until, l.open_why as why
       from send_lanes l where l.workspace_id = $1 and l.connection_id = c.id and l.held_reason is null
         and l.failures >= breaker_failures() order by l.not_before desc nulls last limit 1) l on true
     where c.workspace_id = $1 and c.id = any($2::uuid[])`,
    [tenant.workspaceId, ids],
  );

/** Makes a connection the workspace's default; `onlyFirst`: unless there is one. */
export async function setDefault(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { onlyFirst = false }: { onlyFirst?: boolean } = {},
): Promise<void> {
  await db.sql(
    `insert into default_connections (workspace_id, connection_id) values ($1, $2)
     on conflict (workspace_id) do update set connection_id = case when $3 then default_connections.connection_id else excluded.connection_id end`,
    [tenant.workspaceId, connectionId, onlyFirst],
  );
}

/** When the default is deleted, the oldest of those that are left takes its place. @returns its name, null when nothing changed */
export async function passDefaultOn(db: Db, tenant: Tenant, deletedId: string): Promise<string | null> {
  const rows = await db.sql<{ name: string }>(
    `with gone as (delete from default_connections where workspace_id = $1 and connection_id = $2 returning 1)
     select id, display_name as name from connections
     where workspace_id = $1 and deleted_at is null and id <> $2 and exists (select from gone)
     order by (status = 'disabled'), id limit 1`,
    [tenant.workspaceId, deletedId],
  );
  const [next] = rows as { id: string; name: string }[]; // both are selected
  if (next === undefined) return null;
  await setDefault(db, tenant, next.id);
  return next.name;
}

export type LimitsChange = {
  sendsPerSecondMax?: number | null;
  callsAtOnceMax?: number | null;
  warmUp?: WarmUpPlan | null;
};

/** Changes what is named. Another warm-up begins today (UTC). What waited for room by the limits before is looked at at once. */
export async function changeLimits(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { sendsPerSecondMax, callsAtOnceMax, warmUp }: LimitsChange,
): Promise<void> {
  await db.sql(
    `insert into connection_limits (workspace_id, connection_id, sends_per_second_max, calls_at_once_max, warm_up, warm_up_from)
     values ($1, $2, $4::int, $6::int, $8::jsonb, case when $8::jsonb is not null then (now() at time zone 'UTC')::date end)
     on conflict (workspace_id, connection_id) do update set opens_at = null,
       sends_per_second_max = case when $3 then excluded.sends_per_second_max else connection_limits.sends_per_second_max end,
       calls_at_once_max = case when $5 then excluded.calls_at_once_max else connection_limits.calls_at_once_max end,
       warm_up = case when $7 then excluded.warm_up else connection_limits.warm_up end,
       warm_up_from = case when $7 and excluded.warm_up is distinct from connection_limits.warm_up then excluded.warm_up_from
         else connection_limits.warm_up_from end`,
    [
      tenant.workspaceId,
      connectionId,
      sendsPerSecondMax !== undefined,
      sendsPerSecondMax ?? null,
      callsAtOnceMax !== undefined,
      callsAtOnceMax ?? null,
      warmUp !== undefined,
      warmUp ? JSON.stringify(warmUp) : null,
    ],
  );
}

/** Of what was claimed of today's ceiling, `count` did not leave after all: others may. */
export async function giveBackSends(db: Db, tenant: Tenant, connectionId: string, count: number): Promise<void> {
  await db.sql(
    `update connection_limits set day_used = greatest(0, day_used - $3::int),
       opens_at = case when warm_up is null then opens_at end
     where workspace_id = $1 and connection_id = $2 and day = (clock_timestamp() at time zone 'UTC')::date`,
    [tenant.workspaceId, connectionId, count],
  );
}
