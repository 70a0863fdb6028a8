import "server-only";
import { type Actor, allow } from "../actor";
import { db, transaction } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { hashSecret, newSecret } from "../ids";
import { forgetFailures } from "./attempts";
import { audit } from "./audit";
import { hashPassword } from "./passwords";
import type { MemberInput, ResetPasswordInput, SecretLink } from "./schema";
import { accountById, insertReset, lockReset, openReset, ownsAllOf, updatePassword, useResets } from "./store-accounts";
import { listMemberRows } from "./store-members";

const resetHours = 24;

/**
 * A link with which a member sets a new password: made by an owner, good once and for a day.
 * Whoever holds it can become that person everywhere, so the owner must be one of all of the person's workspaces.
 * @throws AppError `forbidden`, `not_found`
 */
export async function createResetLink(actor: Actor, { user_id }: MemberInput): Promise<SecretLink> {
  const tenant = allow(actor, "members:write");
  if (actor.role !== "owner") throw new AppError("forbidden", "Only an owner can make a password link.");
  const token = newSecret();
  return transaction(async (tx) => {
    const member = (await listMemberRows(tx, tenant)).find((row) => row.user_id === user_id);
    if (member === undefined) throw new AppError("not_found", "This person is not a member of the workspace.");
    if (!(await ownsAllOf(tx, { ownerId: actor.id, userId: user_id })))
      throw new AppError(
        "forbidden",
        "This person also belongs to workspaces that you do not own, so only the operator can help: gflux user set-password.",
      );
    const row = { tokenHash: hashSecret(token), userId: user_id, createdBy: actor.id };
    const expiresAt = await insertReset(tx, { ...row, hours: resetHours });
    await audit(tx, tenant, actor, { action: "member.password_link_created", subject: member.email });
    return { url: `${env().appUrl}/reset/${token}`, expires_at: expiresAt.toISOString() };
  });
}

/** Whose password the link sets, or null when it cannot be used (any more). */
export async function resetOfToken(token: string): Promise<{ email: string } | null> {
  const reset = await openReset(db, hashSecret(token));
  const account = reset && (await accountById(db, reset.userId));
  return account && { email: account.email };
}

/** Sets the password that a link is for, and ends every session of the person. @throws AppError `not_found` for a spent link */
export async function resetPassword(input: ResetPasswordInput): Promise<{ email: string }> {
  if ((await resetOfToken(input.token)) === null) throw spent();
  const passwordHash = await hashPassword(input.new_password);
  const email = await transaction(async (tx) => {
    const reset = await lockReset(tx, hashSecret(input.token));
    const account = reset && (await accountById(tx, reset.userId));
    // Asked again: the person may have joined another workspace since the link was made.
    if (!reset || !account || !(await ownsAllOf(tx, { ownerId: reset.createdBy, userId: reset.userId }))) throw spent();
    await useResets(tx, account.id);
    await updatePassword(tx, account.id, passwordHash);
    return account.email;
  });
  await forgetFailures(email);
  return { email };
}

const spent = () =>
  new AppError("not_found", "This link has expired or was used. Ask an owner of your workspace for a new one.");
