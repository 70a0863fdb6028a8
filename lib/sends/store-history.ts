import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

/** A place in a timeline: entries of the same millisecond follow each other by id. */
export type HistoryCursor = { occurredAt: string; id: string };

export type HistoryRow = {
  type: "event" | "send" | "engagement";
  id: string;
  occurred_at: Date;
  name: string;
  send_id: string | null;
  subject: string | null;
  status: string | null;
  data: Record<string, unknown>;
};

/** How many of a person's newest sends are looked through for what a provider reported of them. */
const sendsMax = 500;

/**
 * What people (one person: the survivor and those merged into it) did and got, newest first from below the cursor; one row more than
 * asked when there are more. Each arm stops after the page: a long history costs no more than a short one.
 */
export function selectHistory(
  db: Db,
  tenant: Tenant,
  profileIds: readonly string[],
  { before, limit }: { before?: HistoryCursor; limit: number },
): Promise<HistoryRow[]> {
  return db.sql<HistoryRow>(
    `with person as (select unnest($2::uuid[]) as id), recent as materialized (
       select s.id, s.subject, s.status, s.created_at, s.reason, s.automation_id, s.step_id
       from person p cross join lateral (
         select * from sends s where s.workspace_id = $1 and s.profile_id = p.id order by s.id desc limit ${sendsMax}) s)
     select * from (
       (select 'event' as type, e.id, e.occurred_at, e.name, null::uuid as send_id, null as subject, null as status, e.properties as data
        from person p cross join lateral (
          select * from events e where e.workspace_id = $1 and e.profile_id = p.id
            and ($3::timestamptz is null or e.occurred_at <= $3) and ($3::timestamptz is null or (e.occurred_at, e.id) < ($3, $4::uuid))
          order by e.occurred_at desc, e.id desc limit $5) e)
       union all
       (select 'send', s.id, s.created_at, 'send', s.id, s.subject, s.status,
          jsonb_strip_nulls(jsonb_build_object('automation_id', s.automation_id, 'step_id', s.step_id, 'reason', s.reason))
        from recent s where $3::timestamptz is null or (s.created_at, s.id) < ($3, $4::uuid)
        order by s.created_at desc, s.id desc limit $5)
       union all
       (select 'engagement', g.id, g.occurred_at, g.kind, g.send_id, s.subject, null, g.data
        from recent s cross join lateral (
          select * from engagement_events g where g.workspace_id = $1 and g.send_id = s.id
            and ($3::timestamptz is null or (g.occurred_at, g.id) < ($3, $4::uuid))
          order by g.occurred_at desc, g.id desc limit $5) g
        order by g.occurred_at desc, g.id desc limit $5)) entry
     order by occurred_at desc, id desc limit $5`,
    [tenant.workspaceId, profileIds, before?.occurredAt ?? null, before?.id ?? null, limit + 1],
  );
}

export type IntroducingEvent = { id: string; name: string; source: string; occurred_at: Date };

/** Events by id. */
export const selectEvents = (db: Db, tenant: Tenant, ids: readonly string[]): Promise<IntroducingEvent[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : db.sql<IntroducingEvent>(
        "select id, name, source, occurred_at from events where workspace_id = $1 and id = any($2::uuid[])",
        [tenant.workspaceId, ids],
      );

export type PersonEnrollmentRow = {
  id: string;
  automation_id: string;
  automation_name: string;
  version: number;
  profile_id: string;
  status: string;
  step_id: string | null;
  due_at: Date | null;
  reason: string | null;
  created_at: Date;
  ended_at: Date | null;
};

/** The runs of one person, newest first from below `before`; one row more than asked when there are more. */
export const selectEnrollmentsOf = (
  db: Db,
  tenant: Tenant,
  profileIds: readonly string[],
  { before, limit }: { before?: string; limit: number },
): Promise<PersonEnrollmentRow[]> =>
  db.sql<PersonEnrollmentRow>(
    `select e.id, e.automation_id, a.name as automation_name, v.number as version, e.profile_id, e.status, e.step_id,
       case when e.lease_token is null then e.due_at end as due_at, e.reason, e.created_at, e.ended_at
     from enrollments e
     join automations a on a.workspace_id = $1 and a.id = e.automation_id
     join automation_versions v on v.workspace_id = $1 and v.id = e.version_id
     where e.workspace_id = $1 and e.profile_id = any($2::uuid[]) and ($3::uuid is null or e.id < $3)
     order by e.id desc limit $4`,
    [tenant.workspaceId, profileIds, before ?? null, limit + 1],
  );
