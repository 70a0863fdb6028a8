import "server-only";
import type { Prisma } from "../../prisma/generated/client";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { log } from "../log";
import { type AutomationDefinition, automationDefinition } from "./definition";
import { type AutomationStatus, automationStatuses } from "./lifecycle";
import { countedMax } from "./schema";
import { type LiveTrigger, liveTrigger } from "./triggers";

/** A stored definition, parsed on its way out; or why it cannot be read. */
type StoredDefinition =
  | { definition: AutomationDefinition; definitionError: null }
  | { definition: null; definitionError: string };

export type AutomationRow = StoredDefinition & {
  id: string;
  name: string;
  status: AutomationStatus;
  liveVersion: number | null;
  unpublishedChanges: boolean;
  counts: { active: number; completed: number; exited: number };
  createdAt: Date;
  updatedAt: Date;
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Ids from outside may be any text, which a uuid column would refuse. */
export const isId = (text: string): boolean => uuid.test(text);

export function storedDefinition(json: unknown): StoredDefinition {
  const parsed = automationDefinition.safeParse(json);
  if (parsed.success) return { definition: parsed.data, definitionError: null };
  const [issue] = parsed.error.issues;
  const place = issue?.path.join(".") || "the definition";
  return { definition: null, definitionError: `This release cannot read ${place}: ${issue?.message ?? "unknown"}` };
}

function storedStatus(id: string, status: string): AutomationStatus {
  const known = automationStatuses.find((candidate) => candidate === status);
  if (known === undefined) throw new Error(`automation ${id} has the unknown status ${status}`);
  return known;
}

/** People of one status, counted from the index and never beyond the limit, so that history costs nothing. */
const counted = (status: string) =>
  `(select count(*)::int from (select from enrollments e
    where e.workspace_id = $1 and e.automation_id = a.id and e.status = '${status}' limit ${countedMax}) t) as ${status}`;

type Filter = {
  id?: string;
  status?: AutomationStatus | undefined;
  q?: string | undefined;
  before?: string | undefined;
  limit: number;
};

/** Newest first, with how many people are in each. */
export async function selectAutomations(db: Db, tenant: Tenant, filter: Filter): Promise<AutomationRow[]> {
  const values: unknown[] = [tenant.workspaceId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const tests = ["workspace_id = $1", "deleted_at is null"];
  if (filter.id) tests.push(`id = ${bind(filter.id)}`);
  if (filter.status) tests.push(`status = ${bind(filter.status)}`);
  if (filter.q) tests.push(`name ilike ${bind(`%${filter.q.replace(/[\\%_]/g, "\\$&")}%`)}`);
  if (filter.before) tests.push(`id < ${bind(filter.before)}`);
  const rows = await db.sql<
    Omit<AutomationRow, "status" | "counts" | "definition"> & {
      status: string;
      definition: unknown;
      active: number;
      completed: number;
      exited: number;
    }
  >(
    `with a as materialized (
       select * from automations where ${tests.join(" and ")} order by id desc limit ${bind(filter.limit)})
     select a.id, a.name, a.status, a.definition, v.number as "liveVersion", a.created_at as "createdAt", a.updated_at as "updatedAt",
       a.definition is distinct from v.definition as "unpublishedChanges",
       ${counted("active")}, ${counted("completed")}, ${counted("exited")}
     from a left join automation_versions v on v.workspace_id = $1 and v.id = a.live_version_id
     order by a.id desc`,
    values,
  );
  return rows.map(({ active, completed, exited, status, definition, ...row }) => ({
    ...row,
    status: storedStatus(row.id, status),
    counts: { active, completed, exited },
    ...storedDefinition(definition),
  }));
}

/** Null for one that is deleted, unknown, or another workspace's. */
export async function findAutomation(db: Db, tenant: Tenant, id: string): Promise<AutomationRow | null> {
  const [row] = isId(id) ? await selectAutomations(db, tenant, { id, limit: 1 }) : [];
  return row ?? null;
}

export type LockedAutomation = StoredDefinition & { id: string; name: string; status: AutomationStatus };

/**
 * The same, and until the transaction ends nobody changes it: neither a person, nor the engine, which takes a share lock on the row
 * before it parks what belongs to it.
 */
export async function lockAutomation(db: Db, tenant: Tenant, id: string): Promise<LockedAutomation | null> {
  if (!isId(id)) return null;
  const [row] = await db.sql<{ id: string; name: string; status: string; definition: unknown }>(
    `select id, name, status, definition from automations
     where workspace_id = $1 and id = $2 and deleted_at is null for no key update`,
    [tenant.workspaceId, id],
  );
  return row
    ? { id: row.id, name: row.name, status: storedStatus(row.id, row.status), ...storedDefinition(row.definition) }
    : null;
}

/** As Prisma takes it: parsed JSON, whose type has no index signature. */
const json = (definition: AutomationDefinition) => definition as Prisma.InputJsonObject;

export async function insertAutomation(
  db: Db,
  tenant: Tenant,
  made: { id: string; name: string; definition: AutomationDefinition },
): Promise<void> {
  const { workspaceId } = tenant;
  await db.prisma.automation.create({ data: { ...made, workspaceId, definition: json(made.definition) } });
}

type Change = {
  name?: string;
  definition?: AutomationDefinition;
  status?: AutomationStatus;
  liveVersionId?: string;
  pausedAt?: Date | null;
  deletedAt?: Date;
};

export async function updateAutomation(db: Db, tenant: Tenant, id: string, change: Change): Promise<void> {
  const { definition, ...rest } = change;
  await db.prisma.automation.update({
    where: { workspaceId_id: { workspaceId: tenant.workspaceId, id } },
    data: { ...rest, ...(definition && { definition: json(definition) }) },
  });
}

/**
 * The version that holds the draft as it is now: the live one where nothing was changed since, else a new one under the next number.
 * The caller holds the automation's row, so numbers are given once.
 */
export async function versionOfDraft(
  db: Db,
  tenant: Tenant,
  version: { automationId: string; id: string; publishedBy: string },
): Promise<{ id: string; number: number; isNew: boolean }> {
  const values = [tenant.workspaceId, version.automationId];
  const [same] = await db.sql<{ id: string; number: number }>(
    `select v.id, v.number from automations a
     join automation_versions v on v.workspace_id = $1 and v.id = a.live_version_id and v.definition = a.definition
     where a.workspace_id = $1 and a.id = $2`,
    values,
  );
  if (same) return { ...same, isNew: false };
  const [made] = await db.sql<{ number: number }>(
    `insert into automation_versions (workspace_id, id, automation_id, number, definition, published_by)
     select $1, $3, a.id, 1 + coalesce((select max(v.number) from automation_versions v
       where v.workspace_id = $1 and v.automation_id = a.id), 0), a.definition, $4
     from automations a where a.workspace_id = $1 and a.id = $2 returning number`,
    [...values, version.id, version.publishedBy],
  );
  if (!made) throw new Error(`automation ${version.automationId} is gone while it is locked`);
  return { id: version.id, number: made.number, isNew: true };
}

export type VersionRow = StoredDefinition & { number: number; live: boolean; publishedBy: string; createdAt: Date };

/** Newest first, from below the number `before`. */
export async function selectVersions(
  db: Db,
  tenant: Tenant,
  { automationId, before, limit }: { automationId: string; before: number | undefined; limit: number },
): Promise<VersionRow[]> {
  const rows = await db.sql<Omit<VersionRow, "definition"> & { definition: unknown }>(
    `select v.number, v.definition, v.published_by as "publishedBy", v.created_at as "createdAt", v.id is not distinct from a.live_version_id as live
     from automation_versions v join automations a on a.workspace_id = $1 and a.id = v.automation_id
     where v.workspace_id = $1 and v.automation_id = $2 and ($3::int is null or v.number < $3)
     order by v.number desc limit $4`,
    [tenant.workspaceId, automationId, before ?? null, limit],
  );
  return rows.map(({ definition, ...row }) => ({ ...row, ...storedDefinition(definition) }));
}

export type LiveAutomation = LiveTrigger & { automationId: string; versionId: string };

/** What starts the live automations. One that this release cannot read is left out, and the log says so. */
export async function selectLiveTriggers(db: Db, tenant: Tenant): Promise<LiveAutomation[]> {
  const rows = await db.sql<{ id: string; version_id: string; trigger: unknown }>(
    `select a.id, v.id as version_id, jsonb_build_object(
       'trigger', v.definition->'trigger', 'audience', v.definition->'audience', 'reentry', v.definition->'reentry') as trigger
     from automations a join automation_versions v on v.workspace_id = $1 and v.id = a.live_version_id
     where a.workspace_id = $1 and a.status = 'live' and a.deleted_at is null order by a.id`,
    [tenant.workspaceId],
  );
  return rows.flatMap(({ id, version_id: versionId, trigger }) => {
    const parsed = liveTrigger.safeParse(trigger);
    if (parsed.success) return { ...parsed.data, automationId: id, versionId };
    log.error("nobody enters an automation whose live version cannot be read", parsed.error, { automation: id });
    return [];
  });
}

/** Automations that are not archived and name the connection in their draft or live version, by name. */
export async function selectUsing(
  db: Db,
  tenant: Tenant,
  connectionId: string,
): Promise<{ id: string; name: string; status: AutomationStatus }[]> {
  const names = (definition: string) =>
    `jsonb_path_exists(${definition}, '$.**.email_provider_id ? (@ == $id)', jsonb_build_object('id', $2::text))`;
  const rows = await db.sql<{ id: string; name: string; status: string }>(
    `select a.id, a.name, a.status from automations a
     left join automation_versions v on v.workspace_id = $1 and v.id = a.live_version_id
     where a.workspace_id = $1 and a.deleted_at is null and a.status <> 'archived'
       and (${names("a.definition")} or ${names("v.definition")})
     order by a.name, a.id limit 200`,
    [tenant.workspaceId, connectionId],
  );
  return rows.map((row) => ({ ...row, status: storedStatus(row.id, row.status) }));
}
