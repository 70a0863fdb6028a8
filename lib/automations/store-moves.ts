import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import type { AutomationDefinition } from "./definition";
import type { Fate, Standing } from "./moving";
import { storedDefinition } from "./store";

type Row = { version_id: string; number: number; step_id: string | null; people: number };
const toStanding = (row: Row): Standing => ({
  versionId: row.version_id,
  number: row.number,
  stepId: row.step_id,
  people: row.people,
});

/** Who is under way in any other version than `versionId` (null: in any), newest version first; counts at most `peopleMax` people. */
export async function selectElsewhere(
  db: Db,
  tenant: Tenant,
  { automationId, versionId, peopleMax }: { automationId: string; versionId: string | null; peopleMax: number },
): Promise<Standing[]> {
  const rows = await db.sql<Row>("select * from runs_elsewhere($1, $2, $3, $4)", [
    tenant.workspaceId,
    automationId,
    versionId,
    peopleMax,
  ]);
  return rows.map(toStanding);
}

/** The same, all of them, and nobody moves on before the transaction ends. `gone`: steps whose runs are about to end. */
export async function holdElsewhere(
  tx: Db,
  tenant: Tenant,
  { automationId, versionId, gone }: { automationId: string; versionId: string; gone: readonly string[] },
): Promise<Standing[]> {
  const rows = await tx.sql<Row>("select * from hold_runs_elsewhere($1, $2, $3, $4)", [
    tenant.workspaceId,
    automationId,
    versionId,
    gone,
  ]);
  return rows.map(toStanding);
}

/** Moves all who stand there, in one statement. @returns how many of each fate */
export async function moveStanding(
  tx: Db,
  tenant: Tenant,
  {
    automationId,
    versionId,
    from,
  }: { automationId: string; versionId: string; from: readonly (Standing & { fate: Fate })[] },
): Promise<Map<Fate, number>> {
  const rows = await tx.sql<{ fate: Fate; people: number }>(
    "select * from move_runs($1, $2, $3, $4::uuid[], $5::text[], $6::text[])",
    [
      tenant.workspaceId,
      automationId,
      versionId,
      from.map((group) => group.versionId),
      from.map(({ stepId }) => stepId),
      from.map(({ fate }) => fate),
    ],
  );
  return new Map(rows.map(({ fate, people }) => [fate, people]));
}

/** Definitions by version id; null for one that this release cannot read. */
export async function selectDefinitions(
  db: Db,
  tenant: Tenant,
  versionIds: readonly string[],
): Promise<Map<string, AutomationDefinition | null>> {
  const rows = await db.sql<{ id: string; definition: unknown }>(
    "select id, definition from automation_versions where workspace_id = $1 and id = any($2::uuid[])",
    [tenant.workspaceId, versionIds],
  );
  return new Map(rows.map(({ id, definition }) => [id, storedDefinition(definition).definition]));
}

/** The number that publishing would give, and the id of the version that already has it where nothing was changed since. */
export async function selectNextVersion(
  db: Db,
  tenant: Tenant,
  automationId: string,
): Promise<{ number: number; versionId: string | null }> {
  const [row] = await db.sql<{ number: number; version_id: string | null }>(
    `select v.id as version_id, coalesce(v.number, 1 + coalesce((select max(n.number) from automation_versions n
       where n.workspace_id = $1 and n.automation_id = a.id), 0)) as number
     from automations a
     left join automation_versions v on v.workspace_id = $1 and v.id = a.live_version_id and v.definition = a.definition
     where a.workspace_id = $1 and a.id = $2`,
    [tenant.workspaceId, automationId],
  );
  if (!row) throw new Error(`automation ${automationId} is gone`);
  return { number: row.number, versionId: row.version_id };
}
