import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

/** What the "why" answers read. Every statement is bounded by what is asked, not by how much a person or an automation has behind it. */

export type AutomationRow = {
  id: string;
  name: string;
  status: string;
  deleted: boolean;
  paused_at: Date | null;
  updated_at: Date;
  starts_on: string | null;
};
const automationColumns = `id, name, status, deleted_at is not null as deleted, paused_at, updated_at,
  definition->'trigger'->>'event' as starts_on`;

/** Deleted ones as well: what they did stays known. */
export const selectAutomation = (db: Db, tenant: Tenant, id: string): Promise<AutomationRow[]> =>
  db.sql<AutomationRow>(`select ${automationColumns} from automations where workspace_id = $1 and id = $2`, [
    tenant.workspaceId,
    id,
  ]);

/** The live and the paused ones, newest first. */
export const selectRunning = (db: Db, tenant: Tenant, limit: number): Promise<AutomationRow[]> =>
  db.sql<AutomationRow>(
    `select ${automationColumns} from automations
     where workspace_id = $1 and status in ('live', 'paused') and deleted_at is null order by id desc limit $2`,
    [tenant.workspaceId, limit],
  );

export type VersionRow = {
  automation_id: string;
  id: string;
  number: number;
  created_at: Date;
  /** Known also of a version that cannot be read as a whole. */
  starts_on: string | null;
  trigger: unknown;
};
const versionsMax = 200;

/** What decides who enters, of the newest versions of each automation; oldest first. */
export const selectVersions = (db: Db, tenant: Tenant, automationIds: readonly string[]): Promise<VersionRow[]> =>
  db.sql<VersionRow>(
    `select v.automation_id, v.id, v.number, v.created_at, v.starts_on, v.trigger from unnest($2::uuid[]) a(id)
     cross join lateral (
       select automation_id, id, number, created_at, definition->'trigger'->>'event' as starts_on, jsonb_build_object(
         'trigger', definition->'trigger', 'audience', definition->'audience', 'reentry', definition->'reentry') as trigger
       from automation_versions where workspace_id = $1 and automation_id = a.id order by number desc limit ${versionsMax}) v
     order by v.automation_id, v.number`,
    [tenant.workspaceId, automationIds],
  );

export type ChangeRow = { automation_id: string | null; action: string; created_at: Date };
const changesMax = 100;

/** Who was published, paused, resumed, archived or deleted when, and when all sending was stopped or resumed; oldest first. */
export const selectChanges = (db: Db, tenant: Tenant, automationIds: readonly string[]): Promise<ChangeRow[]> =>
  db.sql<ChangeRow>(
    `with wanted as (
       select a.id, 'automation.' || verb as action from unnest($2::uuid[]) a(id)
       cross join unnest(array['published', 'paused', 'resumed', 'archived', 'deleted']) verb
       union all select null, 'sending.' || verb from unnest(array['stopped', 'resumed']) verb)
     select w.id as automation_id, w.action, c.created_at from wanted w
     cross join lateral (
       select e.created_at from audit_entries e
       where e.workspace_id = $1 and e.action = w.action and coalesce(e.data->>'id', '') = coalesce(w.id::text, '')
       order by e.id desc limit ${changesMax}) c
     order by c.created_at`,
    [tenant.workspaceId, automationIds],
  );

export type EntryRow = { automation_id: string; id: string; event_id: string | null; created_at: Date };
const entriesMax = 50;

/**
 * How a person began runs, newest first: the one of "once", the newest others and the oldest. The key of the others is their event's
 * id, which tells the order; so none of this walks a long history.
 */
export const selectEntries = (
  db: Db,
  tenant: Tenant,
  { automationIds, profileIds }: { automationIds: readonly string[]; profileIds: readonly string[] },
): Promise<EntryRow[]> => {
  const runs = (rest: string) =>
    `(select id, event_id, created_at from enrollments e
      where e.workspace_id = $1 and e.automation_id = a.id and e.profile_id = p.id and e.entry_key ${rest})`;
  return db.sql<EntryRow>(
    `select distinct a.id as automation_id, e.id, e.event_id, e.created_at
     from unnest($2::uuid[]) a(id) cross join unnest($3::uuid[]) p(id)
     cross join lateral (${runs("= ''")} union all ${runs(`> '' order by e.entry_key desc limit ${entriesMax}`)}
       union all ${runs("> '' order by e.entry_key limit 1")}) e
     order by e.created_at desc, e.id desc`,
    [tenant.workspaceId, automationIds, profileIds],
  );
};

export type EventRow = {
  id: string;
  name: string;
  source: string;
  properties: Record<string, unknown>;
  occurred_at: Date;
  received_at: Date;
};

/** The newest events of a person by each name, by when they happened, as the index has it. */
export const selectEventsNamed = (
  db: Db,
  tenant: Tenant,
  { names, profileIds, limit }: { names: readonly string[]; profileIds: readonly string[]; limit: number },
): Promise<EventRow[]> =>
  db.sql<EventRow>(
    `select e.id, e.name, e.source, e.properties, e.occurred_at, uuid_time(e.id) as received_at
     from unnest($2::text[]) n(name) cross join unnest($3::uuid[]) p(id)
     cross join lateral (
       select * from events e where e.workspace_id = $1 and e.profile_id = p.id and e.name = n.name
       order by e.occurred_at desc limit $4) e
     order by e.occurred_at desc, e.id desc`,
    [tenant.workspaceId, names, profileIds, limit],
  );

export type RunRow = {
  id: string;
  automation_id: string;
  version: number;
  status: string;
  reason: string | null;
  step_id: string | null;
  step_due_at: Date | null;
  due_at: Date | null;
  created_at: Date;
  ended_at: Date | null;
};

/** Newest first. */
export const selectRuns = (db: Db, tenant: Tenant, ids: readonly string[]): Promise<RunRow[]> =>
  db.sql<RunRow>(
    `select e.id, e.automation_id, v.number as version, e.status, e.reason, e.step_id, e.step_due_at,
       case when e.lease_token is null then e.due_at end as due_at, e.created_at, e.ended_at
     from enrollments e join automation_versions v on v.workspace_id = $1 and v.id = e.version_id
     where e.workspace_id = $1 and e.id = any($2::uuid[]) order by e.created_at desc, e.id desc`,
    [tenant.workspaceId, ids],
  );

export type SendRow = {
  id: string;
  enrollment_id: string;
  step_id: string | null;
  subject: string | null;
  status: string;
  reason: string | null;
  detail: string | null;
  scheduled_at: Date;
  due_at: Date | null;
  not_before: Date | null;
  unknown_since: Date | null;
  happened_at: Date | null;
  failing_since: Date | null;
};

/** The sends of runs as they are, oldest first. What holds one now comes before what it remembers of its last attempt. */
export const selectSendsOf = (db: Db, tenant: Tenant, runIds: readonly string[]): Promise<SendRow[]> =>
  db.sql<SendRow>(
    `select s.id, s.enrollment_id, s.step_id, s.subject, s.status,
       case when s.status = 'queued' and s.reason is distinct from 'late'
         then coalesce(send_hold(s.workspace_id, s.connection_id, s.message_stream, s.automation_id), s.reason) else s.reason end as reason,
       s.detail, s.scheduled_at, s.due_at, l.not_before, s.unknown_since, c.failing_since,
       case s.status when 'sent' then s.sent_at when 'delivered' then s.delivered_at when 'bounced' then s.bounced_at
         when 'complained' then s.complained_at end as happened_at
     from sends s
     join connections c on c.workspace_id = $1 and c.id = s.connection_id
     left join send_lanes l on l.workspace_id = $1 and l.connection_id = s.connection_id and l.message_stream = s.message_stream
     where s.workspace_id = $1 and s.enrollment_id = any($2::uuid[]) order by s.id`,
    [tenant.workspaceId, runIds],
  );

export type DecisionRow = {
  id: string;
  at: Date;
  kind: string;
  reason: string;
  automation_id: string | null;
  enrollment_id: string | null;
  step_id: string | null;
  send_id: string | null;
  details: Record<string, unknown> | null;
};
const decisionColumns =
  "id, uuid_time(id) as at, kind, reason, automation_id, enrollment_id, step_id, send_id, details";

/** The newest decisions about each run, oldest first. */
export const selectDecisionsOf = (
  db: Db,
  tenant: Tenant,
  { runIds, limit }: { runIds: readonly string[]; limit: number },
): Promise<DecisionRow[]> =>
  db.sql<DecisionRow>(
    `select d.* from unnest($2::uuid[]) r(id) cross join lateral (
       select ${decisionColumns} from decisions
       where workspace_id = $1 and enrollment_id = r.id order by id desc limit $3) d
     order by d.id`,
    [tenant.workspaceId, runIds, limit],
  );

/** The newest decisions about a person, newest first, from below `before`; one row more than asked when there are more. */
export const selectDecisionsAbout = (
  db: Db,
  tenant: Tenant,
  { profileIds, before, limit }: { profileIds: readonly string[]; before: string | undefined; limit: number },
): Promise<DecisionRow[]> =>
  db.sql<DecisionRow>(
    `select d.* from unnest($2::uuid[]) p(id) cross join lateral (
       select ${decisionColumns} from decisions
       where workspace_id = $1 and profile_id = p.id and ($3::uuid is null or id < $3) order by id desc limit $4) d
     order by d.id desc limit $4`,
    [tenant.workspaceId, profileIds, before ?? null, limit + 1],
  );
