import "server-only";
import type { Connection as Row } from "../../prisma/generated/client";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { type ConnectionRecord, connectionStatuses } from "./schema";
import { versionOf, versionSql } from "./secrets";
import type { SmtpPlace } from "./smtp/place";
import { storedStream } from "./streams";
import type { ServerFacts } from "./verdict";

/** A connection with its sealed secrets: for this room only. */
export type StoredConnection = {
  record: ConnectionRecord;
  sealedToken: Uint8Array;
  sealedWebhookSecret: Uint8Array;
  /** Null where it is not by SMTP. */
  smtp: { place: SmtpPlace; username: string | null } | null;
};

type Facts = Pick<
  Row,
  "displayName" | "fromEmail" | "fromName" | "replyToEmail" | "messageStream" | "allowTransactional"
>;
type Token = Pick<Row, "provider" | "smtpHost" | "smtpPort" | "smtpSecure" | "smtpUsername"> & {
  sealedCredentials: Uint8Array<ArrayBuffer>;
  credentialsLast4: string;
};
type Health = Pick<Row, "status" | "lastValidatedAt" | "lastError" | "serverId" | "serverName"> & {
  streams: ServerFacts["streams"];
  listsStale?: boolean;
};
export type NewConnection = Facts & Token & Health & { id: string; sealedWebhookSecret: Uint8Array<ArrayBuffer> };

const stored = (row: Row): StoredConnection => ({
  sealedToken: row.sealedCredentials,
  sealedWebhookSecret: row.sealedWebhookSecret,
  smtp: smtpOf(row),
  record: {
    id: row.id,
    workspaceId: row.workspaceId,
    provider: row.provider,
    displayName: row.displayName,
    fromEmail: row.fromEmail,
    fromName: row.fromName,
    replyToEmail: row.replyToEmail,
    messageStream: row.messageStream,
    allowTransactional: row.allowTransactional,
    dkimSelector: row.dkimSelector,
    returnPathDomain: row.returnPathDomain,
    status: statusOf(row),
    credentialsLast4: row.credentialsLast4,
    credentialsVersion: versionOf(row.sealedCredentials),
    serverId: row.serverId,
    serverName: row.serverName,
    ...streamsOf(row),
    lastValidatedAt: row.lastValidatedAt,
    lastError: row.lastError,
    failingSince: row.failingSince,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  },
});

function smtpOf({ provider, smtpHost, smtpPort, smtpSecure, smtpUsername }: Row): StoredConnection["smtp"] {
  if (provider !== "smtp" || smtpHost === null || smtpPort === null) return null;
  // A word that only a newer release knows is taken for the one that never sends in the clear.
  const secure = smtpSecure === "tls" || smtpSecure === "none" ? smtpSecure : "starttls";
  return { place: { host: smtpHost, port: smtpPort, secure }, username: smtpUsername };
}

/** A status that only a newer release knows: nothing leaves through it from here, and nothing else is held up by it. */
const statusOf = ({ status }: Row): ConnectionRecord["status"] =>
  connectionStatuses.find((candidate) => candidate === status) ?? "disabled";

/** What cannot be read harms nobody else's mail, and is not taken for a server without streams. */
function streamsOf({ streams }: Row): Pick<ConnectionRecord, "streams" | "streamsUnreadable"> {
  const read = storedStream.array().safeParse(streams);
  return read.success ? { streams: read.data } : { streams: [], streamsUnreadable: true };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Ids from outside may be any text, which a uuid column would refuse. */
export const isId = (id: string): boolean => uuid.test(id);

export async function insertConnection(db: Db, tenant: Tenant, made: NewConnection): Promise<StoredConnection> {
  const { streams, ...rest } = made;
  const data = { ...rest, workspaceId: tenant.workspaceId, streams: [...streams] };
  return stored(await db.prisma.connection.create({ data }));
}

/** Null for one that is deleted, unknown, or another workspace's. */
export async function findConnection(db: Db, tenant: Tenant, id: string): Promise<StoredConnection | null> {
  if (!isId(id)) return null;
  const { workspaceId } = tenant;
  const row = await db.prisma.connection.findFirst({ where: { workspaceId, id, deletedAt: null } });
  return row && stored(row);
}

/** The same, and nobody changes it before the transaction ends. */
export async function lockConnection(db: Db, tenant: Tenant, id: string): Promise<StoredConnection | null> {
  if (!isId(id)) return null;
  await db.sql("select 1 from connections where workspace_id = $1 and id = $2 for no key update", [
    tenant.workspaceId,
    id,
  ]);
  return findConnection(db, tenant, id);
}

export async function findConnections(db: Db, tenant: Tenant, ids: readonly string[]): Promise<StoredConnection[]> {
  const where = { workspaceId: tenant.workspaceId, id: { in: ids.filter(isId) }, deletedAt: null };
  return (await db.prisma.connection.findMany({ where })).map(stored);
}

/** Newest first, after `cursor`. */
export async function pageOfConnections(
  db: Db,
  tenant: Tenant,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<StoredConnection[]> {
  const before = cursor === undefined ? {} : { id: { lt: cursor } };
  const where = { workspaceId: tenant.workspaceId, deletedAt: null, ...before };
  return (await db.prisma.connection.findMany({ where, orderBy: { id: "desc" }, take: limit })).map(stored);
}

type Change = Partial<
  Facts &
    Token &
    Health & {
      dkimSelector: string | null;
      returnPathDomain: string | null;
      failingSince: Date | null;
      deletedAt: Date;
      sealedWebhookSecret: Uint8Array<ArrayBuffer>;
      sealedPreviousWebhookSecret: Uint8Array<ArrayBuffer> | null;
      previousSecretUntil: Date;
    }
>;

export async function updateConnection(db: Db, tenant: Tenant, id: string, change: Change): Promise<StoredConnection> {
  const { streams, ...rest } = change;
  const data = { ...rest, ...(streams && { streams: [...streams] }) };
  const { workspaceId } = tenant;
  return stored(await db.prisma.connection.update({ where: { workspaceId_id: { workspaceId, id } }, data }));
}

/** @returns whether it was sending until now; nothing is written when its credentials have changed since `credentialsVersion` */
export async function setFailing(
  db: Db,
  tenant: Tenant,
  { id, sentence, credentialsVersion }: { id: string; sentence: string; credentialsVersion: string | null },
): Promise<boolean> {
  const rows = await db.sql(
    `update connections
     set status = 'failing', failing_since = clock_timestamp(), last_error = $3, updated_at = clock_timestamp()
     where workspace_id = $1 and id = $2 and deleted_at is null and status in ('ready', 'unvalidated')
       and ($4::text is null or ${versionSql} = $4)
     returning id`,
    [tenant.workspaceId, id, sentence, credentialsVersion],
  );
  return rows.length > 0;
}

/**
 * Keeps what is wrong where the connection itself goes on (null: nothing any more, if `was` is what is kept). Not a change of the
 * connection: `updated_at` stays, by which others tell whether somebody mended it.
 */
export async function setTrouble(
  db: Db,
  tenant: Tenant,
  { id, sentence, was }: { id: string; sentence: string | null; was: string | null },
): Promise<void> {
  await db.sql(
    `update connections set last_error = $3
     where workspace_id = $1 and id = $2 and deleted_at is null and status in ('ready', 'unvalidated')
       and ($3::text is not null or last_error = $4)`,
    [tenant.workspaceId, id, sentence, was],
  );
}

/** Nothing is written when the credentials have changed since `credentialsVersion`. */
export async function setServer(
  db: Db,
  tenant: Tenant,
  id: string,
  { server, credentialsVersion }: { server: ServerFacts; credentialsVersion: string | null },
): Promise<void> {
  await db.sql(
    `update connections set server_id = $3, server_name = $4, streams = $5, updated_at = clock_timestamp()
     where workspace_id = $1 and id = $2 and deleted_at is null and ($6::text is null or ${versionSql} = $6)`,
    [tenant.workspaceId, id, server.id, server.name, JSON.stringify(server.streams), credentialsVersion],
  );
}

type Uses = { automations: { id: string; name: string }[]; unsettled: boolean };

/**
 * Who would miss a connection: automations that are not archived and name it in their draft, their live version, or a version that
 * people are still in; and sends whose outcome is open. Reads other rooms' tables, because their rooms stand above this one.
 */
export async function usesOfConnection(db: Db, tenant: Tenant, id: string): Promise<Uses> {
  const names = (definition: string) =>
    `jsonb_path_exists(${definition}, '$.**.email_provider_id ? (@ == $id)', jsonb_build_object('id', $2::text))`;
  const automations = await db.sql<{ id: string; name: string }>(
    `select a.id, a.name from automations a
     where a.workspace_id = $1 and a.deleted_at is null and a.status <> 'archived' and (
       ${names("a.definition")}
       or exists (select 1 from automation_versions v
         where v.workspace_id = a.workspace_id and v.automation_id = a.id and ${names("v.definition")}
           and (v.id = a.live_version_id or exists (select 1 from enrollments e
             where e.workspace_id = a.workspace_id and e.automation_id = a.id and e.status = 'active' and e.version_id = v.id))))
     order by a.name limit 50`,
    [tenant.workspaceId, id],
  );
  return { automations, unsettled: await hasUnsettledSends(db, tenant, id) };
}

/** Hops over the connection's streams in the index, so that its history costs nothing. Lateral with a limit: an EXISTS is hashed, with all of it. */
async function hasUnsettledSends(db: Db, tenant: Tenant, id: string): Promise<boolean> {
  const rows = await db.sql(
    `with recursive streams(stream) as (
       select min(message_stream) from sends where workspace_id = $1 and connection_id = $2
       union all
       select (select min(s.message_stream) from sends s
         where s.workspace_id = $1 and s.connection_id = $2 and s.message_stream > streams.stream)
       from streams where streams.stream is not null)
     select 1 from streams cross join unnest(array['queued', 'sending', 'unknown']) open(status)
     cross join lateral (select 1 from sends s where s.workspace_id = $1 and s.connection_id = $2
       and s.message_stream = streams.stream and s.status = open.status limit 1) unsettled limit 1`,
    [tenant.workspaceId, id],
  );
  return rows.length > 0;
}
