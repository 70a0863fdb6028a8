import "server-only";
import type { Tenant } from "../actor";
import type { ConnectionRecord } from "../connections/schema";
import type { Db } from "../db";
import { suppressedAmong } from "../suppressions";
import { addressOf } from "./decide-letter";
import type { Batch, Letter, Person } from "./schema";
import { loadDefinitions, loadEvents } from "./store-runs";

type LetterRow = {
  id: string;
  step_id: string | null;
  scheduled_at: Date;
  automation_id: string | null;
  version_id: string | null;
  tries: number;
  run_status: string | null;
  overdue_skip_before: Date | null;
  event_id: string | null;
  person_id: string | null;
  traits: Record<string, unknown> | null;
  person_created_at: Date | null;
  external_id: string | null;
  automation_name: string | null;
  automation_status: string | null;
  automation_deleted: boolean | null;
  workspace_name: string;
  timezone: string | null;
  stopped: boolean;
  message_stream: string;
  signalled: boolean;
  skipped_by: "paused" | "sending_stopped" | null;
};

/**
 * Everything that decides about emails and fills them in, as it is now: consent, status and profile are read at the moment of sending. By
 * id, as in `loadRunFacts`.
 */
export async function loadLetters(
  db: Db,
  tenant: Tenant,
  { batch, connection }: { batch: Batch; connection: ConnectionRecord },
): Promise<Letter[]> {
  const rows = await db.sql<LetterRow>(
    `with w as materialized (select * from workspaces where id = $1)
     select s.id, s.step_id, s.scheduled_at, s.automation_id, s.version_id, t.tries, e.status as run_status, e.overdue_skip_before, e.event_id,
       p.id as person_id, p.traits, p.created_at as person_created_at, x.value as external_id,
       a.name as automation_name, a.status as automation_status, a.deleted_at is not null as automation_deleted,
       w.name as workspace_name, w.timezone, w.sending_stopped_at is not null as stopped, s.message_stream,
       coalesce(e.status = 'active', false) and exists (select from run_signals g
         where g.workspace_id = w.id and g.enrollment_id = s.enrollment_id and g.seen_at is null) as signalled,
       case when greatest(s.created_at, s.scheduled_at) <= a.skip_before then 'paused'
         when greatest(s.created_at, s.scheduled_at) <= w.skip_before then 'sending_stopped' end as skipped_by
     from unnest($2::uuid[]) i(id)
     cross join w
     join lateral (select * from sends where workspace_id = w.id and id = i.id limit 1) s on true
     left join lateral (select id, merged_into_id from profiles where workspace_id = w.id and id = s.profile_id limit 1) q on true
     left join lateral (select id, traits, created_at from profiles where workspace_id = w.id and id = coalesce(q.merged_into_id, q.id) limit 1) p on true
     left join lateral (select value from identifiers d where d.workspace_id = w.id and d.profile_id = p.id and d.kind = 'external'
       order by d.created_at, d.value limit 1) x on true
     left join automations a on a.workspace_id = $1 and a.id = s.automation_id
     left join lateral (select * from enrollments where workspace_id = w.id and id = s.enrollment_id limit 1) e on true
     cross join lateral (select count(*)::int as tries from send_attempts n
       where n.workspace_id = w.id and n.send_id = s.id and n.outcome in ('not_sent', 'absent')) t`,
    [tenant.workspaceId, batch.sends.map(({ id }) => id)],
  );
  const people = new Map(rows.map((row) => [row.id, personOf(row)]));
  const emails = [...people.values()].flatMap((person) => (person && addressOf(person)) ?? []);
  const [suppressed, events, definitions] = await Promise.all([
    suppressedAmong(db, tenant, { emails, connectionId: batch.lane.connectionId, stream: batch.lane.stream }),
    loadEvents(
      db,
      tenant,
      rows.flatMap(({ event_id }) => event_id ?? []),
    ),
    loadDefinitions(
      db,
      tenant,
      rows.flatMap(({ version_id }) => version_id ?? []),
    ),
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return batch.sends.flatMap(({ id, number }) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    const person = people.get(id) ?? null;
    const email = person && addressOf(person);
    return {
      ...lettered(row),
      number,
      person,
      connection,
      workspace: { id: tenant.workspaceId, name: row.workspace_name, timezone: row.timezone, stopped: row.stopped },
      suppressed: (email && suppressed.get(email.toLowerCase())?.reason) ?? null,
      event: (row.event_id && events.get(row.event_id)) || null,
      definition: (row.version_id && definitions.get(row.version_id)) || null,
      unreadable: row.version_id !== null && definitions.get(row.version_id) === null,
    };
  });
}

const lettered = (row: LetterRow) => ({
  id: row.id,
  tries: row.tries,
  stepId: row.step_id,
  scheduledAt: row.scheduled_at,
  automationId: row.automation_id,
  automation:
    row.automation_name === null || row.automation_status === null
      ? null
      : { name: row.automation_name, status: row.automation_status, deleted: row.automation_deleted === true },
  stream: row.message_stream,
  signalled: row.signalled,
  skippedBy: row.skipped_by,
  run: row.run_status === null ? null : { status: row.run_status, overdueSkipBefore: row.overdue_skip_before },
});

const personOf = (row: LetterRow): Person | null =>
  row.person_id === null || row.person_created_at === null
    ? null
    : { id: row.person_id, externalId: row.external_id, traits: row.traits ?? {}, createdAt: row.person_created_at };
