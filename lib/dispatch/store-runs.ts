import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { type AutomationDefinition, automationDefinition } from "../automations/schema";
import type { Db } from "../db";
import { newId } from "../ids";
import type { Walk } from "./decide";
import { signalsPerLook } from "./limits";
import { reasons } from "./reasons";
import type { CausingEvent, Claim, ClaimedRun, Note, Person, Place, Situation } from "./schema";
import { pgJson } from "./store";

type RunRow = {
  id: string;
  automation_id: string;
  version_id: string;
  profile_id: string;
  event_id: string | null;
  step_id: string | null;
  step_due_at: Date | null;
  ready_at: Date;
  was_due_at: Date;
  attempt: number;
  passed_step_ids: string[];
  at: Date;
};

/** Takes due runs of one workspace until `leaseMs` from now. Null when there are none that nobody else has. */
export async function claimRuns(
  db: Db,
  tenant: Tenant,
  { limit, leaseMs }: { limit: number; leaseMs: number },
): Promise<Claim | null> {
  const leaseToken = newId();
  const rows = await db.sql<RunRow>("select * from claim_enrollments($1, $2, $3, $4)", [
    tenant.workspaceId,
    limit,
    leaseToken,
    leaseMs,
  ]);
  const [first] = rows;
  if (first === undefined) return null;
  const runs = rows.map(
    (row): ClaimedRun => ({
      id: row.id,
      automationId: row.automation_id,
      versionId: row.version_id,
      profileId: row.profile_id,
      eventId: row.event_id,
      stepId: row.step_id,
      stepDueAt: row.step_due_at,
      readyAt: row.ready_at,
      wasDueAt: row.was_due_at,
      attempt: row.attempt,
      passedStepIds: row.passed_step_ids,
    }),
  );
  return { workspaceId: tenant.workspaceId, leaseToken, at: first.at, runs };
}

export type RunFacts = {
  person: Person | null;
  automation: { name: string; status: string; deleted: boolean } | null;
  workspaceTimezone: string | null;
  sends: Situation["sends"];
  /** Unseen ones first when there are more than can be looked at in one go. */
  signals: { eventId: string; receivedAt: Date; seen: boolean }[];
};
type FactsRow = {
  id: string;
  person_id: string | null;
  traits: Record<string, unknown> | null;
  person_created_at: Date | null;
  external_id: string | null;
  automation_name: string | null;
  automation_status: string | null;
  automation_deleted: boolean | null;
  timezone: string | null;
  sends: { step_id: string; status: string; sent_at: string | null; unknown_since: string | null }[] | null;
  signals: { event_id: string; received_at: string; seen: boolean }[] | null;
};

/**
 * What decisions about runs look at, as it is now: the person (a tombstone leads to its survivor), the automation, the emails so far. Each
 * is looked up by its id, in a workspace that the planner does not know beforehand (`w`): of one that is younger than the last ANALYZE it
 * believes that it has hardly a row, and reads all of it for each run.
 */
export async function loadRunFacts(
  db: Db,
  tenant: Tenant,
  runs: readonly Pick<ClaimedRun, "id" | "profileId" | "automationId">[],
): Promise<Map<string, RunFacts>> {
  const rows = await db.sql<FactsRow>(
    `with w as materialized (select id, timezone from workspaces where id = $1)
     select i.id, p.id as person_id, p.traits, p.created_at as person_created_at, x.value as external_id,
       a.name as automation_name, a.status as automation_status, a.deleted_at is not null as automation_deleted, w.timezone, e.sends, g.signals
     from unnest($2::uuid[], $3::uuid[], $4::uuid[]) i(id, profile_id, automation_id)
     cross join w
     left join lateral (select id, merged_into_id from profiles where workspace_id = w.id and id = i.profile_id limit 1) q on true
     left join lateral (select id, traits, created_at from profiles where workspace_id = w.id and id = coalesce(q.merged_into_id, q.id) limit 1) p on true
     left join lateral (select value from identifiers d where d.workspace_id = w.id and d.profile_id = p.id and d.kind = 'external'
       order by d.created_at, d.value limit 1) x on true
     left join automations a on a.workspace_id = $1 and a.id = i.automation_id
     left join lateral (select jsonb_agg(jsonb_build_object('step_id', s.step_id, 'status', s.status, 'sent_at', s.sent_at,
       'unknown_since', s.unknown_since)) as sends from sends s where s.workspace_id = w.id and s.enrollment_id = i.id) e on true
     left join lateral (select jsonb_agg(jsonb_build_object('event_id', r.event_id, 'received_at', r.received_at, 'seen', r.seen)) as signals
       from (select event_id, received_at, seen_at is not null as seen from run_signals
         where workspace_id = w.id and enrollment_id = i.id order by seen, received_at, event_id limit $5) r) g on true`,
    [
      tenant.workspaceId,
      runs.map((run) => run.id),
      runs.map((run) => run.profileId),
      runs.map((run) => run.automationId),
      signalsPerLook,
    ],
  );
  return new Map(rows.map((row) => [row.id, toFacts(row)]));
}

function toFacts(row: FactsRow): RunFacts {
  return {
    person:
      row.person_id === null || row.person_created_at === null
        ? null
        : {
            id: row.person_id,
            externalId: row.external_id,
            traits: row.traits ?? {},
            createdAt: row.person_created_at,
          },
    automation:
      row.automation_name === null || row.automation_status === null
        ? null
        : { name: row.automation_name, status: row.automation_status, deleted: row.automation_deleted === true },
    workspaceTimezone: row.timezone,
    sends: new Map(
      (row.sends ?? []).map((send) => [
        send.step_id,
        { status: send.status, sentAt: dateOf(send.sent_at), unknownSince: dateOf(send.unknown_since) },
      ]),
    ),
    signals: (row.signals ?? []).map((signal) => ({
      eventId: signal.event_id,
      receivedAt: new Date(signal.received_at),
      seen: signal.seen,
    })),
  };
}

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

/** Events by id. The ids stand in the statement as values, so only their partitions are opened. */
export async function loadEvents(db: Db, tenant: Tenant, ids: readonly string[]): Promise<Map<string, CausingEvent>> {
  if (ids.length === 0) return new Map();
  const rows = await db.sql<{ id: string; name: string; properties: Record<string, unknown>; occurred_at: Date }>(
    "select id, name, properties, occurred_at from events where workspace_id = $1 and id = any($2::uuid[])",
    [tenant.workspaceId, [...new Set(ids)]],
  );
  return new Map(
    rows.map((row) => [row.id, { name: row.name, properties: row.properties, occurredAt: row.occurred_at }]),
  );
}

/** Versions never change, so what was read once stays true. Bounded by the number of definitions. */
const versions = new Map<string, AutomationDefinition | null>();
const versionsMax = 1_000;

/**
 * Definitions by version id. Null for one that this process cannot read (a newer release wrote it): that is for another process or
 * a later day, and is not remembered.
 */
export async function loadDefinitions(
  db: Db,
  tenant: Tenant,
  ids: readonly string[],
): Promise<Map<string, AutomationDefinition | null>> {
  const key = (id: string) => `${tenant.workspaceId} ${id}`;
  const found = new Map<string, AutomationDefinition | null>();
  const missing = [...new Set(ids)].filter((id) => {
    const known = versions.get(key(id));
    if (known) found.set(id, known);
    return !known;
  });
  if (missing.length === 0) return found;
  const rows = await db.sql<{ id: string; definition: unknown }>(
    "select id, definition from automation_versions where workspace_id = $1 and id = any($2::uuid[])",
    [tenant.workspaceId, missing],
  );
  for (const { id, definition } of rows) {
    const parsed = automationDefinition.safeParse(definition);
    found.set(id, parsed.success ? parsed.data : null);
    if (!parsed.success) continue;
    versions.set(key(id), parsed.data);
    for (const oldest of versions.keys()) {
      if (versions.size <= versionsMax) break;
      versions.delete(oldest);
    }
  }
  return found;
}

/** What becomes of one run. `parkFor`: the automation that was seen paused. */
export type RunSettlement = {
  run: ClaimedRun;
  place: Place;
  status: "active" | "completed" | "exited";
  reason: string | null;
  dueAt: Date | null;
  attempt: number;
  parkFor?: string;
  send?: { id: string; stepId: string; connectionId: string; stream: string; scheduledAt: Date };
  /** Traits of its person; null removes one. */
  set?: Readonly<Record<string, unknown>>;
  passedStepIds?: readonly string[];
  signals?: Walk["signals"];
  notes: readonly Note[];
};

/** Saves all decisions of a claim in one statement. @returns the ids of runs that are no longer ours; nothing of theirs was written */
export async function settleRuns(
  db: Db,
  { workspaceId, leaseToken, at }: Claim,
  settlements: readonly RunSettlement[],
): Promise<string[]> {
  const runs = settlements.map(({ run, place, ...settled }) => ({
    id: run.id,
    status: settled.status,
    reason: settled.reason,
    step_id: place.stepId,
    step_due_at: place.stepDueAt,
    ready_at: place.readyAt,
    due_at: settled.dueAt,
    attempt: settled.attempt,
    park_for: settled.parkFor ?? null,
    set: settled.set ?? null,
    passed: listed(settled.passedStepIds),
    used: listed(settled.signals?.used),
    seen: listed(settled.signals?.kept),
  }));
  const sends = settlements.flatMap(({ run, send }) =>
    send === undefined
      ? []
      : [
          {
            id: send.id,
            enrollment_id: run.id,
            step_id: send.stepId,
            connection_id: send.connectionId,
            message_stream: send.stream,
            version_id: run.versionId,
            scheduled_at: send.scheduledAt,
          },
        ],
  );
  const decisions = settlements.flatMap(({ run, send, notes }) => {
    // Their time and order are read out of their ids: all of the claim's moment, by the database's clock, sorted among themselves.
    const ids = notes.map(() => newId(at.getTime())).sort();
    return notes.map(({ stepId, reason, details }, index) => ({
      id: ids[index],
      enrollment_id: run.id,
      send_id: reason === "reached" ? (send?.id ?? null) : null,
      step_id: stepId,
      kind: reasons[reason].kind,
      reason,
      details,
    }));
  });
  const rows = await db.sql<{ lost: string }>(
    "select lost from settle_enrollments($1, $2, $3::jsonb, $4::jsonb, $5::jsonb)",
    [workspaceId, leaseToken, pgJson(runs), pgJson(sends), pgJson(decisions)],
  );
  return rows.map(({ lost }) => lost);
}

const listed = (ids: readonly string[] = []) => (ids.length === 0 ? null : ids);

/** The tenant of a claim: the engine acts for a workspace without an actor. */
export const tenantOf = ({ workspaceId }: { workspaceId: string }): Tenant => systemTenant(workspaceId);
