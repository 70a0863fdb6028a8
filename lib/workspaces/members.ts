import "server-only";
import { type Actor, allow, type Role, type Tenant } from "../actor";
import { type Db, db, transaction } from "../db";
import { AppError } from "../errors";
import { audit } from "./audit";
import { memberChangeRefusal } from "./roles";
import type { ChangeRoleInput, Member, MemberInput } from "./schema";
import { lockWorkspace } from "./store";
import { adminAddressRows, deleteMember, listMemberRows, updateRole } from "./store-members";

/** Everyone in the workspace, owners first. */
export async function listMembers(actor: Actor): Promise<{ data: Member[] }> {
  return { data: await listMemberRows(db, allow(actor, "members:read")) };
}

/** Where owners and admins are written to, owners first: for what the product itself has to tell them. */
export const adminAddresses = (db: Db, tenant: Tenant, limit: number): Promise<string[]> =>
  adminAddressRows(db, tenant, limit);

/** @throws AppError `not_found`; `forbidden` or `conflict` with the rule that stands against it (`memberChangeRefusal`) */
export async function changeRole(actor: Actor, { user_id, role }: ChangeRoleInput): Promise<Member> {
  const tenant = allow(actor, "members:write");
  return transaction(async (tx) => {
    const member = await changeable(tx, tenant, { actor, userId: user_id, to: role });
    if (member.role === role) return member;
    await updateRole(tx, tenant, { userId: user_id, role });
    const data = { from: member.role, to: role };
    await audit(tx, tenant, actor, { action: "member.role_changed", subject: member.email, data });
    return { ...member, role };
  });
}

/** Takes someone out of the workspace, from the next request on; anyone may take out themselves. @throws as `changeRole` */
export async function removeMember(actor: Actor, { user_id }: MemberInput): Promise<null> {
  const tenant = allow(actor, actor.id === user_id ? "workspace:read" : "members:write");
  await transaction(async (tx) => {
    const member = await changeable(tx, tenant, { actor, userId: user_id, to: null });
    await deleteMember(tx, tenant, user_id);
    const action = actor.id === user_id ? "member.left" : "member.removed";
    await audit(tx, tenant, actor, { action, subject: member.email, data: { role: member.role } });
  });
  return null;
}

/** @throws AppError `forbidden` unless an owner, or the operator, acts */
export function ownerOnly(actor: Actor): void {
  if (rank(actor) !== "owner") throw new AppError("forbidden", "Only an owner can make or remove owners.");
}

const rank = (actor: Actor): Role => actor.role ?? (actor.kind === "operator" ? "owner" : "admin");

async function changeable(
  tx: Db,
  tenant: Tenant,
  change: { actor: Actor; userId: string; to: Role | null },
): Promise<Member> {
  await lockWorkspace(tx, tenant); // two owners who remove each other at once: the second sees what the first left
  const members = await listMemberRows(tx, tenant);
  const member = members.find((row) => row.user_id === change.userId);
  if (member === undefined) throw new AppError("not_found", "This person is not a member of the workspace.");
  const { actor, to } = change;
  // Read again under the lock: the actor may have been demoted since the request began.
  const by = actor.kind === "user" ? members.find((row) => row.user_id === actor.id)?.role : rank(actor);
  if (by === undefined) throw new AppError("forbidden", "You are no longer a member of the workspace.");
  const owners = members.filter((row) => row.role === "owner").length;
  const refusal = memberChangeRefusal({ by, from: member.role, to, self: actor.id === change.userId, owners });
  if (refusal) throw new AppError(refusal.includes("needs an owner") ? "conflict" : "forbidden", refusal);
  return member;
}
