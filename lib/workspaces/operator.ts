import "server-only";
import type { z } from "zod";
import { type Actor, allow, permissions } from "../actor";
import { db, transaction } from "../db";
import { AppError } from "../errors";
import { publicUser, taken } from "./accounts";
import { forgetFailures, openAccount } from "./attempts";
import { createKey } from "./keys";
import { hashPassword } from "./passwords";
import {
  createKeyInput,
  createUserInput,
  createWorkspaceInput,
  type NewApiKey,
  setPasswordInput,
  type User,
} from "./schema";
import { accountByEmail, insertAccount, updatePassword } from "./store-accounts";
import { openWorkspace, workspaceById } from "./workspaces";

/** What whoever runs the server may do, from the command line and in seeds. There is no form before it, so each parses what it is given. */

/** Acts with everything that an owner may do. */
export const operatorActor = (workspaceId: string): Actor => ({
  kind: "operator",
  id: "cli",
  workspaceId,
  permissions: new Set(permissions),
});

/** Makes an account whatever SIGNUP says. @throws AppError `validation_error`, `conflict` for a taken address */
export async function createUser(given: z.input<typeof createUserInput>): Promise<User> {
  const { email, password, name } = parsed(createUserInput, given);
  const user = await insertAccount(db, { email, name, passwordHash: await hashPassword(password) });
  if (user === null) throw taken(email);
  return user;
}

/** Sets a password; every session of the person ends. @throws AppError `validation_error`, `not_found` */
export async function setPassword(given: z.input<typeof setPasswordInput>): Promise<User> {
  const { email, password } = parsed(setPasswordInput, given);
  const account = await accountByEmail(db, email);
  if (account === null) throw new AppError("not_found", `Nobody signs in as ${email}.`);
  await updatePassword(db, account.id, await hashPassword(password));
  await forgetFailures(email);
  return publicUser(account);
}

export type CreatedWorkspace = {
  workspace_id: string;
  slug: string;
  owner: { email: string };
  secret_key: string;
  publishable_key: string;
};

/**
 * Makes a workspace with its owner and a key of each kind. An owner who has an account must bring its password.
 * @throws AppError `validation_error`, `conflict`
 */
export function createWorkspace(given: z.input<typeof createWorkspaceInput>): Promise<CreatedWorkspace> {
  return transaction(async (tx) => {
    const { name, owner_email: email, owner_password: password } = parsed(createWorkspaceInput, given);
    const known = await accountByEmail(tx, email);
    if (known && (await openAccount({ email, password, origin: null })) === null)
      throw new AppError("conflict", `${email} has an account already, with another password.`);
    const user = known ?? (await createUser({ email, password }));
    const made = await openWorkspace(user, { name });
    const actor = operatorActor(made.id);
    const secret = await createKey(actor, { kind: "secret", name: "Server", scopes: [] });
    const publishable = await createKey(actor, { kind: "publishable", name: "Browser", scopes: [] });
    const keys = { secret_key: secret.key, publishable_key: publishable.key };
    return { workspace_id: made.id, slug: made.slug, owner: { email }, ...keys };
  });
}

/** Makes a key of any workspace. @throws AppError `validation_error`, `not_found` */
export async function createKeyOf(
  workspaceId: string,
  given: Omit<z.input<typeof createKeyInput>, "project_id">,
): Promise<NewApiKey> {
  const input = parsed(createKeyInput, { ...given, project_id: workspaceId });
  const actor = operatorActor(workspaceId);
  await workspaceById(db, allow(actor, "workspace:read"));
  return createKey(actor, input);
}

function parsed<S extends z.ZodType>(schema: S, given: z.input<S>): z.output<S> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const fields: Record<string, string[]> = {};
  for (const { path, message } of result.error.issues) {
    const name = path.join(".");
    fields[name] = [...(fields[name] ?? []), message];
  }
  throw new AppError("validation_error", undefined, { fields });
}
