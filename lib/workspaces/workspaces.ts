import "server-only";
import { type Actor, allow, rolePermissions, systemTenant, type Tenant } from "../actor";
import { type Db, db, transaction } from "../db";
import { AppError } from "../errors";
import { newSecret } from "../ids";
import { wake } from "../wake";
import { audit, bumpVersion } from "./audit";
import type { ChangeWorkspaceInput, OpenWorkspaceInput, User, Workspace, WorkspaceOfUser } from "./schema";
import { slugCandidates } from "./slug";
import { insertWorkspace, readWorkspace, updateWorkspace, workspacesOfUser } from "./store";
import { insertMember, membershipBySlug } from "./store-members";

/** Who the person is in the workspace of that slug; null for strangers and for what does not exist, alike. */
export async function actorOfUser(userId: string, workspaceSlug: string): Promise<Actor | null> {
  const membership = await membershipBySlug(db, { userId, slug: workspaceSlug });
  if (membership === null) return null;
  const { workspaceId, role } = membership;
  return { kind: "user", id: userId, workspaceId, role, permissions: rolePermissions[role] };
}

/** The workspaces that a person belongs to, by name. */
export const listWorkspaces = (user: Pick<User, "id">): Promise<WorkspaceOfUser[]> => workspacesOfUser(db, user.id);

/** Makes a workspace that belongs to the person. */
export const openWorkspace = (
  user: Pick<User, "id" | "email">,
  input: OpenWorkspaceInput,
): Promise<{ id: string; slug: string }> =>
  transaction(async (tx) => {
    const made = await placeWorkspace(tx, input.name);
    const tenant = systemTenant(made.id); // of a workspace that this very person is making
    await insertMember(tx, tenant, { userId: user.id, role: "owner" });
    await audit(tx, tenant, { kind: "user", id: user.id }, { action: "workspace.created", subject: input.name });
    return made;
  });

/** @throws AppError `not_found` */
export async function workspaceById(db: Db, tenant: Tenant): Promise<Workspace> {
  const found = await readWorkspace(db, tenant);
  if (found === null) throw new AppError("not_found", "There is no such workspace.");
  return found;
}

/** The workspace that the actor is in. */
export const getWorkspace = (actor: Actor): Promise<Workspace> => workspaceById(db, allow(actor, "workspace:read"));

/** Changes the name or the time zone. The slug stays: links would break. */
export async function changeWorkspace(actor: Actor, input: ChangeWorkspaceInput): Promise<Workspace> {
  const tenant = allow(actor, "workspace:write");
  return transaction(async (tx) => {
    const changed = await updateWorkspace(tx, tenant, input);
    await bumpVersion(tx, tenant);
    const data = { name: changed.name, timezone: changed.timezone };
    await audit(tx, tenant, actor, { action: "workspace.changed", subject: changed.name, data });
    return changed;
  });
}

/** Nothing of the workspace is sent from now on, until `resumeSending`. Repeating it changes nothing. */
export const stopSending = (actor: Actor): Promise<Workspace> => setSending(actor, { stopped: true });

/** Lets queued sends go again. */
export async function resumeSending(actor: Actor): Promise<Workspace> {
  const resumed = await setSending(actor, { stopped: false });
  wake();
  return resumed;
}

async function setSending(actor: Actor, { stopped }: { stopped: boolean }): Promise<Workspace> {
  const tenant = allow(actor, "sends:write");
  return transaction(async (tx) => {
    const before = await workspaceById(tx, tenant);
    if ((before.sending_stopped_at !== null) === stopped) return before;
    const changed = await updateWorkspace(tx, tenant, { sendingStoppedAt: stopped ? new Date() : null });
    await bumpVersion(tx, tenant);
    await audit(tx, tenant, actor, { action: stopped ? "sending.stopped" : "sending.resumed", subject: changed.name });
    return changed;
  });
}

async function placeWorkspace(tx: Db, name: string): Promise<{ id: string; slug: string }> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const chance = newSecret()
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "")
      .slice(0, 6);
    const made = await insertWorkspace(tx, { name, slugs: slugCandidates(name, chance) });
    if (made) return made;
  }
  throw new AppError("conflict", "Others took this name at the same moment. Try again.");
}
