import "server-only";
import * as z from "zod";
import { type Actor, allow, type Tenant } from "../actor";
import { connectionRecords } from "../connections";
import { type Db, db, transaction } from "../db";
import { AppError, invalidField } from "../errors";
import { audit } from "../workspaces";
import {
  type CreateSuppressionInput,
  type DeleteSuppressionInput,
  type ListSuppressionsInput,
  normalEmail,
  type Suppression,
  type SuppressionPage,
} from "./schema";
import {
  insertManual,
  liftSuppressions,
  type SuppressionCursor,
  type SuppressionRow,
  selectSuppressions,
  selectSuppressionsOf,
  toSuppression,
} from "./store";

export { applySuppressions, suppressedAmong, unsubscribeStanding, unsubscribesAmong } from "./store";

/** Whom the workspace does not write to, newest first. @throws AppError `validation_error` for a cursor that is not ours */
export async function listSuppressions(actor: Actor, input: ListSuppressionsInput): Promise<SuppressionPage> {
  const tenant = allow(actor, "suppressions:read");
  const rows = await selectSuppressions(db, tenant, {
    email: normalEmail(input.email ?? "") || undefined,
    prefix: normalEmail(input.q ?? "") || undefined,
    reason: input.reason,
    before: input.cursor ? readCursor(input.cursor) : undefined,
    limit: input.limit,
  });
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return { data: page.map(toSuppression), next_cursor: last && rows.length > page.length ? writeCursor(last) : null };
}

/** Stops writing to an address, by hand. Again is harmless. @throws AppError `not_found` for a connection of someone else */
export function createSuppression(actor: Actor, input: CreateSuppressionInput): Promise<Suppression> {
  const tenant = allow(actor, "suppressions:write");
  return transaction(async (tx) => {
    const connectionId = input.connection_id ?? null;
    if (connectionId !== null && !(await knowsConnection(tx, tenant, connectionId)))
      throw new AppError("not_found", "There is no such connection in this workspace.");
    const row = await insertManual(tx, tenant, {
      email: input.email,
      scope: connectionId === null ? "workspace" : "stream",
      connectionId,
      stream: input.stream ?? null,
    });
    const made = toSuppression(row);
    await audit(tx, tenant, actor, {
      action: "suppression.created",
      subject: made.email,
      data: { scope: made.scope, connection_id: made.connection_id, stream: made.stream },
    });
    return made;
  });
}

/** Writes to an address again. @throws AppError `not_found` when nothing holds for it there */
export function deleteSuppression(actor: Actor, input: DeleteSuppressionInput): Promise<null> {
  const tenant = allow(actor, "suppressions:write");
  return transaction(async (tx) => {
    const email = normalEmail(input.email);
    if (input.connection_id && !z.uuid().safeParse(input.connection_id).success) throw nothingHolds();
    const lifted = await liftSuppressions(tx, tenant, {
      email,
      connectionId: input.connection_id || undefined,
      stream: input.stream || undefined,
    });
    if (lifted.length === 0) throw nothingHolds();
    await audit(tx, tenant, actor, {
      action: "suppression.deleted",
      subject: email,
      data: { reasons: lifted.join(", "), connection_id: input.connection_id ?? null, stream: input.stream ?? null },
    });
    return null;
  });
}

/** Everything that holds for the addresses, newest first: what a profile shows. */
export const suppressionsOf = async (db: Db, tenant: Tenant, emails: readonly string[]): Promise<Suppression[]> =>
  (await selectSuppressionsOf(db, tenant, emails)).map(toSuppression);

const nothingHolds = () => new AppError("not_found", "Nothing suppresses this address there.");

async function knowsConnection(tx: Db, tenant: Tenant, id: string): Promise<boolean> {
  const records = await connectionRecords(tx, tenant, [id]);
  return [...records.values()].length > 0;
}

const cursorParts = z.tuple([z.iso.datetime(), z.string(), z.string(), z.uuid(), z.string(), z.string()]);

const writeCursor = (row: SuppressionRow): string => {
  const parts: SuppressionCursor = [
    row.created_at.toISOString(),
    row.email,
    row.scope,
    row.connection_id,
    row.stream,
    row.reason,
  ];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
};

function readCursor(text: string): SuppressionCursor {
  const refusal = () => invalidField("cursor", "This is not a cursor of this list.");
  const plain = Buffer.from(text, "base64url").toString();
  if (plain.includes("\\u0000")) throw refusal();
  try {
    return cursorParts.parse(JSON.parse(plain));
  } catch {
    throw refusal(); // not JSON, or not ours: the same to the caller
  }
}
