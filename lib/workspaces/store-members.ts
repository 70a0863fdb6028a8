import "server-only";
import type { Role, Tenant } from "../actor";
import type { Db } from "../db";
import { newId } from "../ids";
import type { Invitation, Member } from "./schema";

// ——— Members

/** Who the person is in the workspace of that slug. */
export async function membershipBySlug(
  db: Db,
  { userId, slug }: { userId: string; slug: string },
): Promise<{ workspaceId: string; role: Role } | null> {
  const [row] = await db.sql<{ workspaceId: string; role: Role }>(
    `select m.workspace_id as "workspaceId", m.role from memberships m join workspaces w on w.id = m.workspace_id
     where m.user_id = $1 and w.slug = $2`,
    [userId, slug],
  );
  return row ?? null;
}

type MemberRow = Omit<Member, "joined_at"> & { joined_at: Date };

/** Everyone, owners first, then by time of joining. A workspace's people are few: a thousand at most are read. */
export async function listMemberRows(db: Db, tenant: Tenant): Promise<Member[]> {
  const rows = await db.sql<MemberRow>(
    `select m.user_id, u.email, u.name, m.role, m.created_at as joined_at
     from memberships m join users u on u.id = m.user_id where m.workspace_id = $1
     order by array_position(array['owner', 'admin', 'marketer', 'viewer'], m.role), m.created_at, m.user_id limit 1000`,
    [tenant.workspaceId],
  );
  return rows.map((row) => ({ ...row, joined_at: row.joined_at.toISOString() }));
}

/** The addresses of owners and admins, owners first. */
export async function adminAddressRows(db: Db, tenant: Tenant, limit: number): Promise<string[]> {
  const rows = await db.sql<{ email: string }>(
    `select u.email from memberships m join users u on u.id = m.user_id
     where m.workspace_id = $1 and m.role in ('owner', 'admin') order by m.role desc, m.created_at, m.user_id limit $2`,
    [tenant.workspaceId, limit],
  );
  return rows.map(({ email }) => email);
}

/** @returns false when the person is a member already */
export async function insertMember(db: Db, tenant: Tenant, row: { userId: string; role: Role }): Promise<boolean> {
  const made = await db.prisma.membership.createMany({
    data: [{ workspaceId: tenant.workspaceId, ...row }],
    skipDuplicates: true,
  });
  return made.count === 1;
}

export const updateRole = (db: Db, tenant: Tenant, { userId, role }: { userId: string; role: Role }) =>
  db.prisma.membership.updateMany({ where: { workspaceId: tenant.workspaceId, userId }, data: { role } });

export const deleteMember = (db: Db, tenant: Tenant, userId: string) =>
  db.prisma.membership.deleteMany({ where: { workspaceId: tenant.workspaceId, userId } });

// ——— Invitations

type InvitationRow = Omit<Invitation, "created_at" | "expires_at"> & { created_at: Date; expires_at: Date };

const shaped = (row: InvitationRow): Invitation => ({
  ...row,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
});

export async function insertInvitation(
  db: Db,
  tenant: Tenant,
  row: { tokenHash: string; role: Role; email: string | null; createdBy: string; days: number },
): Promise<Invitation> {
  const [made] = await db.sql<InvitationRow>(
    `insert into invitations as i (workspace_id, id, token_hash, role, email, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 day')
     returning id, role, email, created_at, expires_at, (select coalesce(name, email) from users where id::text = i.created_by) as created_by`,
    [tenant.workspaceId, newId(), row.tokenHash, row.role, row.email, row.createdBy, row.days],
  );
  if (made === undefined) throw new Error("an inserted invitation was not returned");
  return shaped(made);
}

/** Those that can still be accepted, newest first; at most 200. */
export async function listOpenInvitations(db: Db, tenant: Tenant): Promise<Invitation[]> {
  const rows = await db.sql<InvitationRow>(
    `select i.id, i.role, i.email, i.created_at, i.expires_at, coalesce(u.name, u.email) as created_by
     from invitations i left join users u on u.id::text = i.created_by
     where i.workspace_id = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
     order by i.id desc limit 200`,
    [tenant.workspaceId],
  );
  return rows.map(shaped);
}

/** @returns what it offered to whom, or null when there is no such open invitation */
export async function revokeInvitationRow(
  db: Db,
  tenant: Tenant,
  id: string,
): Promise<{ role: Role; email: string | null } | null> {
  const [row] = await db.sql<{ role: Role; email: string | null }>(
    `update invitations set revoked_at = now() where workspace_id = $1 and id::text = $2
     and accepted_at is null and revoked_at is null returning role, email`,
    [tenant.workspaceId, id],
  );
  return row ?? null;
}

export type FoundInvitation = {
  id: string;
  workspaceId: string;
  workspaceName: string;
  workspaceSlug: string;
  role: Role;
  email: string | null;
  state: "open" | "expired" | "used" | "revoked";
};

/** Found by its secret, before its workspace is known. With `lock` it is held until the transaction ends. */
export async function invitationByHash(
  db: Db,
  tokenHash: string,
  { lock }: { lock: boolean },
): Promise<FoundInvitation | null> {
  const [row] = await db.sql<FoundInvitation>(
    `select i.id, i.workspace_id as "workspaceId", w.name as "workspaceName", w.slug as "workspaceSlug", i.role, i.email,
       case when i.accepted_at is not null then 'used' when i.revoked_at is not null then 'revoked'
            when i.expires_at <= now() then 'expired' else 'open' end as state
     from invitations i join workspaces w on w.id = i.workspace_id where i.token_hash = $1 ${lock ? "for update of i" : ""}`,
    [tokenHash],
  );
  return row ?? null;
}

export const markAccepted = (db: Db, tenant: Tenant, id: string) =>
  db.prisma.invitation.update({
    where: { workspaceId_id: { workspaceId: tenant.workspaceId, id } },
    data: { acceptedAt: new Date() },
    select: { id: true },
  });
