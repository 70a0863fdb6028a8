import "server-only";
import type { Actor } from "../../actor";
import { db, outsideTransaction } from "../../db";
import { AppError } from "../../errors";
import { makeConnection, makeWorkspace } from "../../testing/factory";
import { operatorActor } from "../../workspaces";

/** A workspace with someone who may do everything, and a connection to send through. */
export type Room = { id: string; actor: Actor; connectionId: string };
export async function makeRoom(): Promise<Room> {
  const { id } = await makeWorkspace(db);
  const connection = await makeConnection(db, { workspaceId: id });
  return { id, actor: operatorActor(id), connectionId: connection.id };
}

/** Nobody's. */
export const nowhere = "019a0000-0000-7000-8000-000000000000";

/** The refusal of a call, as its caller sees it. */
export async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string; fields: unknown }> {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AppError)) throw new Error(`not refused: ${JSON.stringify(thrown)}`);
  return { code: thrown.code, message: thrown.message, fields: thrown.extras.fields };
}

/** A person who may do the same but for this. */
export const without = (actor: Actor, ...taken: string[]): Actor => ({
  ...actor,
  kind: "user",
  permissions: new Set([...actor.permissions].filter((permission) => !taken.includes(permission))),
});

/** As another process would call it: outside the transaction that the test holds. */
export const outside = outsideTransaction;
