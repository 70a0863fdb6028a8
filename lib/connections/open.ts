import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { AppError } from "../errors";
import { bumpVersion } from "../workspaces";
import type { Connector } from "./connector";
import { connectorOf, type Login, loginOf, newGate } from "./login";
import type { Gate } from "./postmark";
import type { ConnectionRecord } from "./schema";
import { findConnection, findConnections, type StoredConnection, setFailing, setServer, setTrouble } from "./store";
import type { ServerFacts } from "./verdict";

export const noConnection = () => new AppError("not_found", "There is no such connection in this workspace.");

type Open = { provider: string; credentialsVersion: string; connector: Connector; gate: Gate };
// Least recently used first. A dropped entry costs an unsealing, and for a moment a second gate.
const open = new Map<string, Open>();
const openMax = 1000;

/**
 * The connector of a connection. Connectors are kept, so that calls at once are limited by connection and process; the row is read
 * each time, so that a rotated token holds from the next call on.
 * @throws AppError `not_found`; SealedShut when the credentials cannot be unsealed: nothing stands in for them
 */
export async function openConnector(
  db: Db,
  tenant: Tenant,
  connectionId: string,
): Promise<{ connector: Connector; connection: ConnectionRecord }> {
  const found = await findConnection(db, tenant, connectionId);
  if (!found) throw noConnection();
  const { record } = found;
  const known = open.get(record.id);
  const gate = known?.provider === record.provider ? known.gate : newGate(record.provider);
  const entry = known?.credentialsVersion === record.credentialsVersion ? known : openOne(tenant, found, gate);
  open.delete(record.id);
  open.set(record.id, entry);
  const [oldest] = open.keys();
  if (open.size > openMax && oldest !== undefined) open.delete(oldest);
  return { connector: entry.connector, connection: record };
}

/** The stored token of a connection cannot be read by this server. */
export class SealedShut extends Error {
  constructor(
    readonly connection: ConnectionRecord,
    cause: unknown,
  ) {
    super(`the token of connection ${connection.id} cannot be unsealed: ${String(cause)}`, { cause });
  }
}

function openOne(tenant: Tenant, stored: StoredConnection, gate: Gate): Open {
  const { credentialsVersion, provider } = stored.record;
  return { provider, credentialsVersion, connector: connectorOf(unsealed(tenant, stored), gate), gate };
}

function unsealed(tenant: Tenant, stored: StoredConnection): Login {
  try {
    return loginOf(tenant, stored);
  } catch (cause) {
    throw new SealedShut(stored.record, cause);
  }
}

/** Connections by id, without those that are deleted, unknown, or another workspace's. */
export async function connectionRecords(
  db: Db,
  tenant: Tenant,
  ids: readonly string[],
): Promise<Map<string, ConnectionRecord>> {
  const rows = await findConnections(db, tenant, ids);
  return new Map(rows.map(({ record }) => [record.id, record]));
}

/**
 * Holds a connection's sends until someone mends it; `sentence` says what and is shown. With the `credentialsVersion` of the
 * connector that failed, a token that was replaced meanwhile is not blamed. @returns whether it was sending until now
 */
export async function markFailing(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  sentence: string,
  { credentialsVersion = null }: { credentialsVersion?: string | null } = {},
): Promise<boolean> {
  const changed = await setFailing(db, tenant, { id: connectionId, sentence, credentialsVersion });
  if (changed) await bumpVersion(db, tenant);
  return changed;
}

/**
 * Shows with a connection what is wrong with part of it, such as one stream: `sentence`, or null when that is over (`was` tells what was
 * said, so that nothing else is taken away). The connection goes on.
 */
export const noteTrouble = (
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { sentence, was = null }: { sentence: string | null; was?: string | null },
): Promise<void> => setTrouble(db, tenant, { id: connectionId, sentence, was });

/**
 * Keeps what the credentials open, as it was read: the search needs the server, `resolveStream` the streams. With the
 * `credentialsVersion` of the connector that read it, nothing is written of a token that was replaced meanwhile.
 */
export async function rememberServer(
  db: Db,
  tenant: Tenant,
  connectionId: string,
  { id, name, streams }: ServerFacts,
  { credentialsVersion = null }: { credentialsVersion?: string | null } = {},
): Promise<void> {
  await setServer(db, tenant, connectionId, { server: { id, name, streams }, credentialsVersion });
}
