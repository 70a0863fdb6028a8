import "server-only";
import type { Actor, Role, Tenant } from "../actor";
import type { Db } from "../db";
import { newId } from "../ids";
import type { AuditEntry, Workspace, WorkspaceOfUser } from "./schema";

type WorkspaceRow = {
  id: string;
  slug: string;
  name: string;
  timezone: string | null;
  sendingStoppedAt: Date | null;
  createdAt: Date;
};

const shaped = (row: WorkspaceRow): Workspace => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  timezone: row.timezone,
  sending_stopped_at: row.sendingStoppedAt?.toISOString() ?? null,
  created_at: row.createdAt.toISOString(),
});

/** Makes a workspace under the first slug that is free. @returns null when others took them all meanwhile */
export async function insertWorkspace(
  db: Db,
  { name, slugs }: { name: string; slugs: readonly string[] },
): Promise<{ id: string; slug: string } | null> {
  const [made] = await db.sql<{ id: string; slug: string }>(
    `insert into workspaces (id, slug, name)
     select $1, c.slug, $2 from unnest($3::text[]) with ordinality c(slug, position)
     where not exists (select from workspaces w where w.slug = c.slug) order by c.position limit 1
     on conflict do nothing returning id, slug`,
    [newId(), name, slugs],
  );
  return made ?? null;
}

/** @returns null when there is no such workspace */
export async function readWorkspace(db: Db, tenant: Tenant): Promise<Workspace | null> {
  const row = await db.prisma.workspace.findUnique({ where: { id: tenant.workspaceId } });
  return row && shaped(row);
}

export async function updateWorkspace(
  db: Db,
  tenant: Tenant,
  change: { name?: string; timezone?: string | null; sendingStoppedAt?: Date | null },
): Promise<Workspace> {
  return shaped(await db.prisma.workspace.update({ where: { id: tenant.workspaceId }, data: change }));
}

/** Holds the workspace's row until the transaction ends: changes of what belongs together wait for each other. */
export const lockWorkspace = (db: Db, tenant: Tenant) =>
  db.sql("select 1 from workspaces where id = $1 for no key update", [tenant.workspaceId]);

export async function incrementVersion(db: Db, tenant: Tenant): Promise<number> {
  const [row] = await db.sql<{ version: number }>(
    "update workspaces set version = version + 1 where id = $1 returning version",
    [tenant.workspaceId],
  );
  return row?.version ?? 0;
}

/** The workspaces of a person, by name. */
export async function workspacesOfUser(db: Db, userId: string): Promise<WorkspaceOfUser[]> {
  const rows = await db.prisma.membership.findMany({
    where: { userId },
    select: { role: true, workspace: { select: { id: true, slug: true, name: true } } },
    orderBy: [{ workspace: { name: "asc" } }, { workspaceId: "asc" }],
    take: 200,
  });
  return rows.map((row) => ({ ...row.workspace, role: row.role as Role })); // the column only ever holds a Role
}

export async function insertAudit(
  db: Db,
  tenant: Tenant,
  entry: { actor: Pick<Actor, "kind" | "id">; action: string; subject: string | null; data: object },
): Promise<void> {
  await db.sql(
    `insert into audit_entries (workspace_id, id, actor_kind, actor_id, action, subject, data)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      tenant.workspaceId,
      newId(),
      entry.actor.kind,
      entry.actor.id,
      entry.action,
      entry.subject,
      JSON.stringify(entry.data),
    ],
  );
}

type AuditRow = Omit<AuditEntry, "actor" | "created_at"> & {
  actor_name: string | null;
  actor_id: string;
  created_at: Date;
};

/** Newest first, from below `cursor`. */
export async function listAuditEntries(
  db: Db,
  tenant: Tenant,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<AuditEntry[]> {
  const rows = await db.sql<AuditRow>(
    `select a.id, a.actor_kind, a.actor_id, a.action, a.subject, a.data, a.created_at,
       coalesce(u.name, u.email, k.name) as actor_name
     from audit_entries a
     left join users u on a.actor_kind = 'user' and u.id::text = a.actor_id
     left join api_keys k on a.actor_kind like '%key' and k.workspace_id = a.workspace_id and k.id::text = a.actor_id
     where a.workspace_id = $1 and ($2::uuid is null or a.id < $2) order by a.id desc limit $3`,
    [tenant.workspaceId, cursor ?? null, limit],
  );
  return rows.map(({ actor_name, actor_id, created_at, ...row }) => ({
    ...row,
    actor: actor_name ?? (row.actor_kind === "operator" ? "Command line" : actor_id),
    created_at: created_at.toISOString(),
  }));
}

/** What people call who acts: a person's name or address, a key's name. */
export async function readActorName(db: Db, tenant: Tenant, { kind, id }: Pick<Actor, "kind" | "id">): Promise<string> {
  if (kind === "operator") return "Command line";
  const [row] = await db.sql<{ name: string | null }>(
    kind === "user"
      ? "select coalesce(name, email) as name from users where id::text = $2 and $1::uuid is not null"
      : "select name from api_keys where workspace_id = $1 and id::text = $2",
    [tenant.workspaceId, id],
  );
  return row?.name ?? id;
}
