import "server-only";
import * as z from "zod";
import { type Actor, allow, type Tenant } from "../actor";
import { connectionRecords } from "../connections";
import { type Db, db, transaction } from "../db";
import { AppError, invalidField } from "../errors";
import { log } from "../log";
import { audit } from "../workspaces";
import { nilConnection } from "./changes";
import { ordinaryListMeans } from "./list-means";
import { tendWorkspace } from "./lists";
import { carryPushes } from "./pushes";
import {
  type CreateSuppressionInput,
  type DeleteSuppressionInput,
  type ListSuppressionsInput,
  normalEmail,
  type Suppression,
  type SuppressionListState,
  type SuppressionListStates,
  type SuppressionPage,
  type SyncSuppressionsInput,
  type TroubledPush,
} from "./schema";
import {
  insertManual,
  liftSuppressions,
  type SuppressionCursor,
  type SuppressionRow,
  selectSuppressions,
  selectSuppressionsOf,
  selectUnliftable,
  toSuppression,
} from "./store";
import { makeListsDue, selectListStates } from "./store-lists";
import { enqueuePushes, pushesOf, troubledPushes } from "./store-pushes";

export { tendSuppressionLists } from "./lists";
export { applySuppressions, suppressedAmong, unsubscribeStanding, unsubscribesAmong } from "./store";
export { signalUnsubscribed } from "./store-signal";

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
  return {
    data: await withPushes(db, tenant, page),
    next_cursor: last && rows.length > page.length ? writeCursor(last) : null,
  };
}

/**
 * Stops writing to an address, by hand, here and on the provider's lists that it concerns. Again is harmless.
 * @throws AppError `not_found` for a connection of someone else
 */
export async function createSuppression(actor: Actor, input: CreateSuppressionInput): Promise<Suppression> {
  const tenant = allow(actor, "suppressions:write");
  const row = await transaction(async (tx) => {
    const connectionId = input.connection_id ?? null;
    if (connectionId !== null && !(await knowsConnection(tx, tenant, connectionId)))
      throw new AppError("not_found", "There is no such connection in this workspace.");
    const stream = input.stream ?? null;
    const scope = connectionId === null ? "workspace" : "stream";
    const made = await insertManual(tx, tenant, { email: input.email, scope, connectionId, stream });
    await enqueuePushes(tx, tenant, [{ email: input.email, connectionId, stream }]);
    await audit(tx, tenant, actor, {
      action: "suppression.created",
      subject: made.email,
      data: { scope, connection_id: connectionId, stream },
    });
    return made;
  });
  await carryAtOnce(tenant, input.email);
  const [made = toSuppression(row)] = await withPushes(db, tenant, [row]);
  return made;
}

/**
 * Writes to an address again, here and on the provider's lists that it concerns.
 * @throws AppError `not_found` when nothing holds for it there; `conflict` when the provider is known not to let go of it
 */
export async function deleteSuppression(actor: Actor, input: DeleteSuppressionInput): Promise<null> {
  const tenant = allow(actor, "suppressions:write");
  const email = normalEmail(input.email);
  await transaction(async (tx) => {
    if (input.connection_id && !z.uuid().safeParse(input.connection_id).success) throw nothingHolds();
    const place = { email, connectionId: input.connection_id || undefined, stream: input.stream || undefined };
    const [kept] = await selectUnliftable(tx, tenant, place);
    if (kept) throw new AppError("conflict", keptWords(kept));
    const lifted = await liftSuppressions(tx, tenant, place);
    if (lifted.length === 0) throw nothingHolds();
    await enqueuePushes(tx, tenant, [
      { email, connectionId: place.connectionId ?? null, stream: place.stream ?? null },
    ]);
    await audit(tx, tenant, actor, {
      action: "suppression.deleted",
      subject: email,
      data: { reasons: lifted.join(", "), connection_id: input.connection_id ?? null, stream: input.stream ?? null },
    });
  });
  await carryAtOnce(tenant, email);
  return null;
}

/** Everything that holds for the addresses, newest first: what a profile shows. */
export const suppressionsOf = async (db: Db, tenant: Tenant, emails: readonly string[]): Promise<Suppression[]> =>
  withPushes(db, tenant, await selectSuppressionsOf(db, tenant, emails));

/**
 * Reads the provider's lists of a connection now, as far as that goes in some seconds; the rest is read in the background.
 * @throws AppError `not_found` for a connection of someone else, `conflict` for one without such lists
 */
export async function syncSuppressions(actor: Actor, { id }: SyncSuppressionsInput): Promise<SuppressionListStates> {
  const tenant = allow(actor, "connections:write");
  if (!(await knowsConnection(db, tenant, id)))
    throw new AppError("not_found", "There is no such connection in this workspace.");
  const over = endsAfter(syncMsMax);
  await makeListsDue(db, tenant, id);
  await tendWorkspace(tenant, { over, connectionId: id }, ordinaryListMeans);
  const data = await selectListStates(db, tenant, id);
  if (data.length === 0)
    throw new AppError(
      "conflict",
      "This connection has no suppression list that can be read. One that is not ready is read once it was validated.",
    );
  return { data };
}
const syncMsMax = 8_000;

/** How the provider's lists stand to ours, by stream: of one connection, or of all in the workspace. */
export function listSuppressionLists(
  actor: Actor,
  { connectionId = null }: { connectionId?: string | null } = {},
): Promise<SuppressionListState[]> {
  return selectListStates(db, allow(actor, "suppressions:read"), connectionId);
}

/** The newest changes that the provider refused or that were given up. */
export const listTroubledPushes = (actor: Actor): Promise<TroubledPush[]> =>
  troubledPushes(db, allow(actor, "suppressions:read"), 20);

/** How the lists of a connection stand to ours, by stream. */
export const suppressionListState = (db: Db, tenant: Tenant, connectionId: string): Promise<SuppressionListState[]> =>
  selectListStates(db, tenant, connectionId);

/** Suppressions with what is being changed of them on the provider's lists. */
async function withPushes(db: Db, tenant: Tenant, rows: readonly SuppressionRow[]): Promise<Suppression[]> {
  const pushes = rows.length === 0 ? [] : await pushesOf(db, tenant, [...new Set(rows.map(({ email }) => email))]);
  return rows.map((row) => {
    const everywhere = row.connection_id === nilConnection;
    const push = pushes.find(
      ({ email, connection_id, stream }) =>
        email === row.email &&
        (everywhere || (connection_id === row.connection_id && (row.stream === "*" || stream === row.stream))),
    );
    return toSuppression(row, push ? { status: push.status, message: push.message } : null);
  });
}

/** A person waits for it: what does not go at once is carried by the dispatcher. */
async function carryAtOnce(tenant: Tenant, email: string): Promise<void> {
  try {
    await carryPushes(tenant, { over: endsAfter(carryMsMax), email: normalEmail(email) }, ordinaryListMeans);
  } catch (thrown) {
    log.info("a change of a suppression list was left to the dispatcher", { error: String(thrown) });
  }
}
const carryMsMax = 3_000;

function endsAfter(ms: number): () => boolean {
  const endMs = performance.now() + ms;
  return () => performance.now() >= endMs;
}

const keptWords = ({ reason, stream }: { reason: string; stream: string }): string =>
  reason === "spam_complaint"
    ? `This person reported an email of stream “${stream}” as spam, and the provider never takes such an address off its list. It stays suppressed.`
    : `This person unsubscribed from stream “${stream}” themselves, and the provider lets nobody else undo that. They can subscribe again with the unsubscribe link of an email they have.`;

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
