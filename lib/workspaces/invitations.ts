import "server-only";
import { type Actor, allow, systemTenant } from "../actor";
import { type Db, db, transaction } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { hashSecret, newSecret } from "../ids";
import { audit } from "./audit";
import { ownerOnly } from "./members";
import type {
  AcceptInvitationInput,
  Invitation,
  InvitationInput,
  InvitationView,
  InviteInput,
  NewInvitation,
  User,
} from "./schema";
import {
  type FoundInvitation,
  insertInvitation,
  insertMember,
  invitationByHash,
  listOpenInvitations,
  markAccepted,
  revokeInvitationRow,
} from "./store-members";

const invitationDays = 7;

/** Makes a link that lets one person in, for seven days. Its secret is in the answer and nowhere else. @throws AppError `forbidden` */
export async function invite(actor: Actor, input: InviteInput): Promise<NewInvitation> {
  const tenant = allow(actor, "members:write");
  if (input.role === "owner") ownerOnly(actor);
  const token = newSecret();
  return transaction(async (tx) => {
    const row = { tokenHash: hashSecret(token), role: input.role, email: input.email };
    const made = await insertInvitation(tx, tenant, { ...row, createdBy: actor.id, days: invitationDays });
    const subject = input.email ?? "anyone with the link";
    await audit(tx, tenant, actor, { action: "invitation.created", subject, data: { role: input.role } });
    return { ...made, url: `${env().appUrl}/invitations/${token}` };
  });
}

/** Invitations that can still be accepted, newest first. */
export async function listInvitations(actor: Actor): Promise<{ data: Invitation[] }> {
  return { data: await listOpenInvitations(db, allow(actor, "members:read")) };
}

/** The link stops working at once. @throws AppError `not_found`, `forbidden` for an invitation to be an owner */
export async function revokeInvitation(actor: Actor, { invitation_id }: InvitationInput): Promise<null> {
  const tenant = allow(actor, "members:write");
  await transaction(async (tx) => {
    const revoked = await revokeInvitationRow(tx, tenant, invitation_id);
    if (revoked === null) throw new AppError("not_found", "This invitation was accepted or revoked already.");
    if (revoked.role === "owner") ownerOnly(actor);
    const subject = revoked.email ?? "anyone with the link";
    await audit(tx, tenant, actor, { action: "invitation.revoked", subject, data: { role: revoked.role } });
  });
  return null;
}

/** What a link offers, for its page; null when there is no such link. */
export async function viewInvitation(token: string): Promise<InvitationView | null> {
  const found = await invitationByHash(db, hashSecret(token), { lock: false });
  if (found === null) return null;
  const { state, workspaceName, workspaceSlug, role, email } = found;
  return { state, workspaceName, workspaceSlug, role, email };
}

/** Joins the workspace that the link is for. @returns its slug @throws AppError `not_found` for a spent link, `forbidden` for another address's */
export const acceptInvitation = (user: User, { token }: AcceptInvitationInput): Promise<{ slug: string }> =>
  transaction(async (tx) => ({ slug: await consumeInvitation(tx, user, token) }));

/** As `acceptInvitation`, within the caller's transaction. Who is a member already just goes there, and the link stays good. */
export async function consumeInvitation(tx: Db, user: User, token: string): Promise<string> {
  const found = await openInvitation(tx, token, { lock: true });
  if (found.email !== null && found.email !== user.email)
    throw new AppError("forbidden", `This invitation is for ${found.email}. Sign in with that address to accept it.`, {
      fields: { email: [`This invitation is for ${found.email}.`] },
    });
  const tenant = systemTenant(found.workspaceId); // the link is the permission
  if (await insertMember(tx, tenant, { userId: user.id, role: found.role })) {
    await markAccepted(tx, tenant, found.id);
    const data = { role: found.role };
    await audit(
      tx,
      tenant,
      { kind: "user", id: user.id },
      { action: "invitation.accepted", subject: user.email, data },
    );
  }
  return found.workspaceSlug;
}

/** @throws AppError `not_found` with the reason why the link does not work */
export async function openInvitation(db: Db, token: string, { lock }: { lock: boolean }): Promise<FoundInvitation> {
  const found = await invitationByHash(db, hashSecret(token), { lock });
  if (found?.state === "open") return found;
  const reason = { expired: "has expired", used: "was used already", revoked: "was revoked" } as const;
  const words = found === null ? "does not exist" : reason[found.state];
  throw new AppError("not_found", `This invitation ${words}. Ask for a new one.`);
}
