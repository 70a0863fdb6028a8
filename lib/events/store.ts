import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";

/** What a group of events becomes; see the migration of this room for what each means. */
export type IngestCall = {
  version: number;
  requests: { scope: string; key: string; bodyHash: string; status: number; answer: Uint8Array }[];
  events: {
    id: string;
    messageId: string | null;
    component: number;
    name: string;
    properties: string;
    context: string | null;
    source: string;
    occurredAt: Date;
  }[];
  identifiers: { kind: string; value: string; component: number; eventId: string; from: string | null }[];
  /** `externalEvent` counts from 1, as PostgreSQL's arrays do. */
  components: { newId: string; profileId: string | null; externalEvent: number | null }[];
  traits: { event: number; traits: string }[];
  enrollments: {
    event: number;
    automationId: string;
    versionId: string;
    entryKey: string;
    details: string;
    every: string | null;
  }[];
  /** Events, counted from 1, that versions of automations listen to, and which do: by the event's name. */
  signals: { events: number[]; versions: Readonly<Record<string, readonly string[]>> };
  /** Events, counted from 1, whose people the caller wants to see. */
  people: number[];
};

export type Person = {
  event: number;
  id: string;
  external_id: string | null;
  traits: Record<string, unknown>;
  created_at: string;
};

export type IngestResult = {
  taken?: { request: number; hash: string; status: number; answer: string }[];
  unsure?: true;
  enrolled?: number;
  kept?: number;
  woken?: number;
  signalled?: number;
  people?: Person[] | null;
};

const ingestSql = `select ingest($1, $2, $3::text[], $4::text[], $5::text[], $6::int[], $7::bytea[],
  $8::text[], $9::int[], $10::uuid[], $11::text[], $12::jsonb[], $13::jsonb[], $14::text[], $15::timestamptz[],
  $16::text[], $17::text[], $18::int[], $19::uuid[], $20::uuid[], $21::uuid[], $22::uuid[], $23::int[],
  $24::int[], $25::jsonb[], $26::int[], $27::uuid[], $28::uuid[], $29::text[], $30::jsonb[], $31::interval[],
  $32::int[], $33::jsonb, $34::int[]) as result`;

/**
 * Stores one group, whole or not at all. @returns `taken` or `unsure` when nothing was done because something has to be settled first
 * @throws SQLSTATE GF001 when the workspace's version is another one, GF002 when a repeated message would take an identifier over,
 * GF003 when traits grow beyond their limit, 40001 and 40P01
 */
export async function ingest(db: Db, tenant: Tenant, call: IngestCall): Promise<IngestResult> {
  const { requests, events, identifiers, components, traits, enrollments } = call;
  const rows = await db.sql<{ result: IngestResult }>(ingestSql, [
    tenant.workspaceId,
    call.version,
    requests.map(({ scope }) => scope),
    requests.map(({ key }) => key),
    requests.map(({ bodyHash }) => bodyHash),
    requests.map(({ status }) => status),
    requests.map(({ answer }) => answer),
    events.map(({ messageId }) => messageId),
    events.map(({ component }) => component),
    events.map(({ id }) => id),
    events.map(({ name }) => name),
    events.map(({ properties }) => properties),
    events.map(({ context }) => context),
    events.map(({ source }) => source),
    events.map(({ occurredAt }) => occurredAt),
    identifiers.map(({ kind }) => kind),
    identifiers.map(({ value }) => value),
    identifiers.map(({ component }) => component),
    identifiers.map(({ eventId }) => eventId),
    identifiers.map(({ from }) => from),
    components.map(({ newId }) => newId),
    components.map(({ profileId }) => profileId),
    components.map(({ externalEvent }) => externalEvent),
    traits.map(({ event }) => event),
    traits.map((one) => one.traits),
    enrollments.map(({ event }) => event),
    enrollments.map(({ automationId }) => automationId),
    enrollments.map(({ versionId }) => versionId),
    enrollments.map(({ entryKey }) => entryKey),
    enrollments.map(({ details }) => details),
    enrollments.map(({ every }) => every),
    call.signals.events,
    JSON.stringify(call.signals.versions),
    call.people,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error("ingest() gave no row");
  return row.result;
}

export type Entry = {
  eventId: string;
  profileId: string;
  automationId: string;
  versionId: string;
  entryKey: string;
  details: string;
  every: string | null;
};

/** Enters people whom a look at their profile let in, in the transaction that stored their events. @returns how many entered */
export async function enroll(db: Db, tenant: Tenant, entries: readonly Entry[]): Promise<number> {
  const [row] = await db.sql<{ entered: number }>(
    "select enroll($1, $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::jsonb[], $8::interval[]) as entered",
    [
      tenant.workspaceId,
      entries.map(({ eventId }) => eventId),
      entries.map(({ profileId }) => profileId),
      entries.map(({ automationId }) => automationId),
      entries.map(({ versionId }) => versionId),
      entries.map(({ entryKey }) => entryKey),
      entries.map(({ details }) => details),
      entries.map(({ every }) => every),
    ],
  );
  return row?.entered ?? 0;
}

/** Events that were stored in this transaction, and the versions that listen to each name. */
export type Heard = {
  events: { eventId: string; profileId: string; name: string }[];
  versions: Readonly<Record<string, readonly string[]>>;
};

/** Tells the runs of these people whose versions listen, last in the transaction that stored the events. @returns how many runs were told */
export async function signalRuns(db: Db, tenant: Tenant, { events, versions }: Heard): Promise<number> {
  const [row] = await db.sql<{ told: number }>(
    "select signal_runs($1, $2::uuid[], $3::uuid[], $4::text[], $5::jsonb) as told",
    [
      tenant.workspaceId,
      events.map(({ eventId }) => eventId),
      events.map(({ profileId }) => profileId),
      events.map(({ name }) => name),
      JSON.stringify(versions),
    ],
  );
  return row?.told ?? 0;
}

/** The version that everything cached about a workspace is trusted with; null when there is no such workspace. */
export async function workspaceVersion(db: Db, tenant: Tenant): Promise<number | null> {
  const [row] = await db.sql<{ version: number }>("select version from workspaces where id = $1", [tenant.workspaceId]);
  return row?.version ?? null;
}

/** Forgets message ids that are older than anyone repeats them, a bounded number at a time. @returns how many went */
export async function purgeMessages(db: Db, { olderThanDays, rowsMax }: { olderThanDays: number; rowsMax: number }) {
  const rows = await db.sql(
    `delete from messages m using (select workspace_id, message_id from messages
       where received_at < now() - make_interval(days => $1) limit $2) old
     where m.workspace_id = old.workspace_id and m.message_id = old.message_id returning 1`,
    [olderThanDays, rowsMax],
  );
  return rows.length;
}
