import "server-only";
import { db, transaction } from "../db";
import { env } from "../env";
import { AppError, invalidField } from "../errors";
import { type Attempt, openAccount } from "./attempts";
import { consumeInvitation, openInvitation } from "./invitations";
import { hashPassword } from "./passwords";
import type { ChangeNameInput, ChangePasswordInput, SignUpInput, User } from "./schema";
import {
  type Account,
  accountById,
  anyAccount,
  databaseNowMs,
  insertAccount,
  lockFirstAccount,
  updateName,
  updatePassword,
} from "./store-accounts";

/** Whether a stranger may make an account now: `first` becomes `closed` with the first one. */
export async function signUpState(): Promise<"open" | "closed"> {
  const { signup } = env();
  return signup === "open" || (signup === "first" && !(await anyAccount(db))) ? "open" : "closed";
}

/**
 * Makes an account, and with an invitation also the membership it offers. An open invitation lets in whatever SIGNUP says.
 * @returns the slug to go to; null: a workspace has to be named first
 * @throws AppError `forbidden` when sign-up is closed, `conflict` for a taken address, `not_found` for a spent invitation
 */
export async function signUp(input: SignUpInput): Promise<{ user: User; slug: string | null }> {
  const token = input.invitation_token;
  if (token === undefined && (await signUpState()) === "closed") throw closed();
  if (token !== undefined) await openInvitation(db, token, { lock: false }); // before the costly hash
  const passwordHash = await hashPassword(input.password);
  return transaction(async (tx) => {
    if (token === undefined && env().signup === "first") {
      await lockFirstAccount(tx);
      if (await anyAccount(tx)) throw closed();
    }
    const user = await insertAccount(tx, { email: input.email, name: input.name, passwordHash });
    if (user === null) throw taken(input.email);
    return { user, slug: token === undefined ? null : await consumeInvitation(tx, user, token) };
  });
}

/** The person whom the address and password belong to, or null; failures count. @throws AppError `rate_limited` */
export async function verifyPassword(attempt: Attempt): Promise<User | null> {
  const account = await openAccount(attempt);
  return account && publicUser(account);
}

/**
 * Signs in. `signedInAtMs` is of the database's clock: a session carries it, and is over once the account's sessions are only
 * good after it. @throws AppError `unauthenticated` or `rate_limited`
 */
export async function signIn(attempt: Attempt): Promise<{ user: User; signedInAtMs: number }> {
  const signedInAtMs = await databaseNowMs(db); // before the password is read: a change meanwhile ends this session too
  const user = await verifyPassword(attempt);
  if (user === null) throw new AppError("unauthenticated", "The email address or the password is wrong.");
  return { user, signedInAtMs };
}

/** The person a session belongs to, or null when it is over. */
export async function userOfSession(session: { userId: string; signedInAtMs: number }): Promise<User | null> {
  const account = await accountById(db, session.userId);
  return account && account.sessionsValidAfter.getTime() <= session.signedInAtMs ? publicUser(account) : null;
}

/** Changes the password and ends all sessions, this one too: sign in again with the new one. @throws AppError `validation_error`, `rate_limited` */
export async function changePassword(user: User, input: ChangePasswordInput): Promise<void> {
  const attempt = { email: user.email, password: input.current_password, origin: null };
  if ((await openAccount(attempt)) === null)
    throw invalidField("current_password", "This is not your current password.");
  await updatePassword(db, user.id, await hashPassword(input.new_password));
}

/** How the person is called; null: by the address. */
export const changeName = (user: User, input: ChangeNameInput): Promise<User> => updateName(db, user.id, input.name);

export const publicUser = ({ id, email, name }: Account): User => ({ id, email, name });

const closed = () =>
  new AppError("forbidden", "New accounts are closed here. Ask an owner of your workspace for an invitation link.");

export const taken = (email: string) =>
  new AppError("conflict", `${email} has an account already. Sign in instead.`, {
    fields: { email: ["This address has an account already. Sign in instead."] },
  });
