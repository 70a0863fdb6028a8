import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { type EnrollmentStatus, enrollmentStatus } from "./schema";

/** Runs are always locked by id, as everybody does who changes several, so that nobody waits in a circle. */

/**
 * Takes the runs of an automation away from whoever is deciding about them: what was decided before a pause is not written after it.
 * Those runs are due at once, and are looked at as what they then are.
 */
export async function revokeLeases(db: Db, tenant: Tenant, automationId: string): Promise<void> {
  await db.sql(
    `with leased as (
       select id from enrollments
       where workspace_id = $1 and automation_id = $2 and status = 'active' and lease_token is not null
       order by id for no key update)
     update enrollments e set due_at = date_trunc('milliseconds', clock_timestamp()), lease_token = null
     from leased where e.workspace_id = $1 and e.id = leased.id`,
    [tenant.workspaceId, automationId],
  );
}

/** Since when an automation is paused; the beginning of time for one that does not say. */
export async function pausedSince(db: Db, tenant: Tenant, automationId: string): Promise<Date> {
  const [row] = await db.sql<{ paused_at: Date | null }>(
    "select paused_at from automations where workspace_id = $1 and id = $2",
    [tenant.workspaceId, automationId],
  );
  return row?.paused_at ?? new Date(0);
}

/**
 * Puts the runs that were parked during a pause back to work. With `overdue: "skip"`, all whose time has come leave out the sends
 * that they were ready for before now; who still waits in a delay is not late for anything. An event that came meanwhile for one that
 * waits for it makes it ready, too.
 */
export async function releaseRuns(
  db: Db,
  tenant: Tenant,
  { automationId, overdue }: { automationId: string; overdue: "send" | "skip" },
): Promise<void> {
  await db.sql(
    `with present as (select date_trunc('milliseconds', clock_timestamp()) as at), standing as (
       select id, ready from enrollments, present
       cross join lateral (select step_due_at is null or step_due_at <= at or exists (
         select from run_signals g where g.workspace_id = $1 and g.enrollment_id = enrollments.id) as ready) is_ready
       where workspace_id = $1 and automation_id = $2 and status = 'active' and (due_at is null or ($3 and ready))
       order by id for no key update of enrollments)
     update enrollments e set
       due_at = case when e.due_at is not null then e.due_at when ready then at else greatest(at, e.step_due_at) end,
       overdue_skip_before = case when $3 and ready then at else e.overdue_skip_before end
     from standing, present where e.workspace_id = $1 and e.id = standing.id`,
    [tenant.workspaceId, automationId, overdue === "skip"],
  );
}

/** Ends all active runs of an automation as `exited`, and says so. @returns how many */
export async function exitRuns(
  db: Db,
  tenant: Tenant,
  { automationId, reason }: { automationId: string; reason: string },
): Promise<number> {
  const [row] = await db.sql<{ exited: number }>(
    `with active as (
       select id from enrollments
       where workspace_id = $1 and automation_id = $2 and status = 'active'
       order by id for no key update
     ), ended as (
       update enrollments e set status = 'exited', reason = $3, due_at = null, lease_token = null, ended_at = clock_timestamp()
       from active where e.workspace_id = $1 and e.id = active.id
       returning e.id, e.profile_id, e.automation_id, e.step_id
     ), unheard as (
       delete from run_signals g using ended where g.workspace_id = $1 and g.enrollment_id = ended.id
     ), told as (
       insert into decisions (workspace_id, id, profile_id, automation_id, enrollment_id, step_id, kind, reason, details)
       select $1, uuid_v7(), profile_id, automation_id, id, step_id, 'exited', $3, '{}' from ended)
     select count(*)::int as exited from ended`,
    [tenant.workspaceId, automationId, reason],
  );
  return row?.exited ?? 0;
}

export type EnrollmentRow = {
  id: string;
  version: number;
  profile_id: string;
  status: EnrollmentStatus;
  step_id: string | null;
  due_at: Date | null;
  reason: string | null;
  created_at: Date;
  ended_at: Date | null;
};

type Filter = {
  automationId: string;
  status: EnrollmentStatus | undefined;
  /** Only of these people. */
  profileIds: readonly string[] | undefined;
  before: string | undefined;
  limit: number;
};

/** Newest first, from below `before`. Each status is read from its own stretch of the index, so that history costs nothing. */
export async function selectEnrollments(db: Db, tenant: Tenant, filter: Filter): Promise<EnrollmentRow[]> {
  const values: unknown[] = [tenant.workspaceId, filter.automationId, filter.before ?? null, filter.limit];
  const statuses = filter.status ? [filter.status] : enrollmentStatus.options;
  const stretch = (from: string) =>
    `select * from enrollments e where e.workspace_id = $1 and e.automation_id = $2 and ($3::uuid is null or e.id < $3)
       and ${from} order by e.id desc limit $4`;
  const found =
    filter.profileIds === undefined
      ? `unnest($5::text[]) s(status) cross join lateral (${stretch("e.status = s.status")}) e`
      : `(${stretch("e.status = any($5::text[]) and e.profile_id = any($6::uuid[])")}) e`;
  values.push(statuses, ...(filter.profileIds ? [filter.profileIds] : []));
  return db.sql<EnrollmentRow>(
    `select e.id, v.number as version, e.profile_id, e.status, e.step_id, e.reason, e.created_at, e.ended_at,
       case when e.lease_token is null then e.due_at end as due_at
     from ${found} join automation_versions v on v.workspace_id = $1 and v.id = e.version_id
     order by e.id desc limit $4`,
    values,
  );
}
