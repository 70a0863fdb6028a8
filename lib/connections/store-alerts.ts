import "server-only";
import type { Tenant } from "../actor";
import type { Db } from "../db";
import { type AlertDelivery, alertRules } from "./alert-schema";

export type AlertRow = {
  id: string;
  connectionId: string;
  connectionName: string;
  kind: string;
  openedAt: Date;
  closedAt: Date | null;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  figures: unknown;
  deliveries: unknown;
  tries: number;
};

const columns = `a.id, a.connection_id as "connectionId", c.display_name as "connectionName", a.kind, a.opened_at as "openedAt",
  a.closed_at as "closedAt", a.acknowledged_at as "acknowledgedAt", a.acknowledged_by as "acknowledgedBy", a.figures, a.deliveries,
  a.deliver_tries as tries`;
const withConnection = "join connections c on c.workspace_id = a.workspace_id and c.id = a.connection_id";

/** Workspaces in which an alert may have to be opened, closed or told, in turn: those behind `after`. A probe of an index for each. */
export async function workspacesToWatch(
  db: Db,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const rows = await db.sql<{ id: string }>(
    `select w.id from workspaces w where w.id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') and (
       exists (select from connections c where c.workspace_id = w.id and c.status = 'failing' and c.deleted_at is null)
       or exists (select from alerts a where a.workspace_id = w.id and (a.open or a.deliver_at is not null))
       or exists (select from send_lanes l where l.workspace_id = w.id and l.open_since is not null)
       or exists (select from connection_hours h where h.workspace_id = w.id and h.hour > now() - interval '25 hours'
         and (h.bounced > 0 or h.complained > 0)))
     order by w.id limit $2`,
    [after, limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Opens and closes the alerts of a workspace, from figures of the last day and the state of its connections. Any number of processes
 * at once open one. @returns the ids of those that were opened here
 */
export async function judgeAlerts(db: Db, tenant: Tenant): Promise<string[]> {
  const rows = await db.sql<{ id: string }>(
    `with seen as materialized (
       select c.id, c.status = 'failing' or coalesce(c.status <> 'disabled' and l.since < now() - make_interval(mins => $6), false) as failing,
         case when c.status = 'failing' then c.last_error else l.why end as why,
         coalesce(h.sent, 0) as sent, coalesce(h.bounced, 0) as bounced, coalesce(h.complained, 0) as complained
       from connections c
       left join lateral (select min(l.open_since) as since, max(l.open_why) as why from send_lanes l
         where l.workspace_id = $1 and l.connection_id = c.id and l.held_reason is null and l.failures >= breaker_failures()) l on true
       left join lateral (select sum(h.sent) as sent, sum(h.bounced) as bounced, sum(h.complained) as complained from connection_hours h
         where h.workspace_id = $1 and h.connection_id = c.id and h.hour > now() - interval '24 hours') h on true
       where c.workspace_id = $1 and c.deleted_at is null
     ), wanted as materialized (
       select id, 'failing' as kind, jsonb_build_object('why', why) as figures from seen where failing
       union all
       select s.id, r.kind, jsonb_build_object('sent', s.sent, 'count', r.count)
       from seen s cross join lateral (values ('complaints', s.complained, $2::float8), ('bounces', s.bounced, $3::float8)) r(kind, count, share)
       left join alerts a on a.workspace_id = $1 and a.connection_id = s.id and a.kind = r.kind and a.open
       where s.sent >= $4::int and r.count > s.sent * r.share * case when a.id is null then 1 else $5::float8 end
     ), closed as (
       update alerts a set open = null, closed_at = clock_timestamp() where a.workspace_id = $1 and a.open
         and not exists (select from wanted w where w.id = a.connection_id and w.kind = a.kind))
     insert into alerts (workspace_id, id, connection_id, kind, open, opened_at, figures, deliver_at)
     select $1, uuid_v7(), w.id, w.kind, true, clock_timestamp(), w.figures,
       (select date_trunc('milliseconds', clock_timestamp()) from alert_settings s where s.workspace_id = $1 and (s.webhook_url is not null or s.email_admins))
     from wanted w order by w.id, w.kind
     on conflict (workspace_id, connection_id, kind, open) do nothing returning id`,
    [
      tenant.workspaceId,
      alertRules.complaintShareMax,
      alertRules.bounceShareMax,
      alertRules.sentMin,
      alertRules.closesAtPart,
      alertRules.failingAfterMinutes,
    ],
  );
  return rows.map(({ id }) => id);
}

/** Takes an alert of which somebody is to be told, for `leaseMs`: nobody else tells of it until then. Null when there is none. */
export async function claimDelivery(
  db: Db,
  tenant: Tenant,
  { leaseMs }: { leaseMs: number },
): Promise<AlertRow | null> {
  const [row] = await db.sql<AlertRow>(
    `with due as materialized (
       select id from alerts where workspace_id = $1 and deliver_at <= clock_timestamp() order by id limit 1 for update skip locked)
     update alerts a set deliver_tries = a.deliver_tries + 1, deliver_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
     from due join alerts n on n.workspace_id = $1 and n.id = due.id join connections c on c.workspace_id = $1 and c.id = n.connection_id
     where a.workspace_id = $1 and a.id = due.id
     returning ${columns}`,
    [tenant.workspaceId, leaseMs],
  );
  return row ?? null;
}

/** Whether a claimed alert is ours for another `forMs`. */
export async function isStillOurs(
  db: Db,
  tenant: Tenant,
  { id, tries }: Pick<AlertRow, "id" | "tries">,
  { forMs }: { forMs: number },
): Promise<boolean> {
  const rows = await db.sql(
    `select 1 from alerts where workspace_id = $1 and id = $2 and deliver_tries = $3
       and deliver_at >= clock_timestamp() + $4::float8 * interval '1 millisecond'`,
    [tenant.workspaceId, id, tries, forMs],
  );
  return rows.length > 0;
}

/** Keeps who was told. `againMs` null: that is all; undefined: we are still at it. Nothing is written when another try has begun. */
export async function saveDeliveries(
  db: Db,
  tenant: Tenant,
  { id, tries }: Pick<AlertRow, "id" | "tries">,
  { deliveries, againMs }: { deliveries: readonly AlertDelivery[]; againMs?: number | null },
): Promise<boolean> {
  const rows = await db.sql(
    `update alerts set deliveries = $4, deliver_at = case when $5 then deliver_at else clock_timestamp() + $6::float8 * interval '1 millisecond' end
     where workspace_id = $1 and id = $2 and deliver_tries = $3 and deliver_at is not null returning 1`,
    [tenant.workspaceId, id, tries, JSON.stringify(deliveries), againMs === undefined, againMs ?? null],
  );
  return rows.length > 0;
}

/** Newest first, from below `cursor`. */
export const listAlertRows = (
  db: Db,
  tenant: Tenant,
  {
    connectionId,
    open,
    limit,
    cursor,
  }: { connectionId: string | undefined; open: boolean | undefined; limit: number; cursor: string | undefined },
): Promise<AlertRow[]> =>
  db.sql<AlertRow>(
    `select ${columns} from alerts a ${withConnection}
     where a.workspace_id = $1 and ($2::text is null or a.connection_id::text = $2) and ($3::bool is null or (a.open is true) = $3)
       and ($4::uuid is null or a.id < $4)
     order by a.id desc limit $5`,
    [tenant.workspaceId, connectionId ?? null, open ?? null, cursor ?? null, limit],
  );

/** Says that somebody knows. The first one counts. @returns null for one that is unknown or another workspace's */
export async function acknowledge(
  db: Db,
  tenant: Tenant,
  { id, by }: { id: string; by: string },
): Promise<{ row: AlertRow; changed: boolean } | null> {
  const changed = await db.sql(
    `update alerts set acknowledged_at = clock_timestamp(), acknowledged_by = $3
     where workspace_id = $1 and id::text = $2 and acknowledged_at is null returning 1`,
    [tenant.workspaceId, id, by],
  );
  const [row] = await db.sql<AlertRow>(
    `select ${columns} from alerts a ${withConnection} where a.workspace_id = $1 and a.id::text = $2`,
    [tenant.workspaceId, id],
  );
  return row === undefined ? null : { row, changed: changed.length > 0 };
}

export type AlertSettingsRow = {
  webhookUrl: string | null;
  sealedWebhookSecret: Uint8Array | null;
  emailAdmins: boolean;
};

export const readAlertSettings = async (db: Db, tenant: Tenant): Promise<AlertSettingsRow> =>
  (await db.prisma.alertSettings.findUnique({ where: { workspaceId: tenant.workspaceId } })) ?? {
    webhookUrl: null,
    sealedWebhookSecret: null,
    emailAdmins: false,
  };

/** The same, and nobody changes them before the transaction ends. */
export async function lockAlertSettings(db: Db, tenant: Tenant): Promise<AlertSettingsRow> {
  const { workspaceId } = tenant;
  // A row that is not there cannot be locked; one without anything in it says the same as none.
  await db.sql("insert into alert_settings (workspace_id) values ($1) on conflict do nothing", [workspaceId]);
  await db.sql("select 1 from alert_settings where workspace_id = $1 for no key update", [workspaceId]);
  return readAlertSettings(db, tenant);
}

export async function writeAlertSettings(db: Db, tenant: Tenant, settings: AlertSettingsRow): Promise<void> {
  const { workspaceId } = tenant;
  const { webhookUrl, emailAdmins } = settings;
  const sealedWebhookSecret = settings.sealedWebhookSecret && Uint8Array.from(settings.sealedWebhookSecret);
  const data = { webhookUrl, emailAdmins, sealedWebhookSecret };
  await db.prisma.alertSettings.upsert({ where: { workspaceId }, create: { workspaceId, ...data }, update: data });
}

/** The connection that emails to admins leave through; null when there is none. */
export async function readDefault(db: Db, tenant: Tenant): Promise<string | null> {
  const row = await db.prisma.defaultConnection.findUnique({ where: { workspaceId: tenant.workspaceId } });
  return row?.connectionId ?? null;
}

/** Secrets of all workspaces that sign alerts, in the order of their workspaces, after `after`. */
export const pageOfAlertSecrets = (db: Db, after: string, limit: number) =>
  db.sql<{ workspaceId: string; sealed: Uint8Array }>(
    `select workspace_id as "workspaceId", sealed_webhook_secret as sealed from alert_settings
     where sealed_webhook_secret is not null and workspace_id > $1 order by workspace_id limit $2`,
    [after, limit],
  );

/** Writes a secret that was sealed again, unless somebody has changed it meanwhile. */
export const replaceAlertSecrets = (
  db: Db,
  rows: readonly { workspaceId: string; was: Uint8Array; now: Uint8Array }[],
) =>
  db.sql(
    `update alert_settings s set sealed_webhook_secret = n.now
     from unnest($1::uuid[], $2::bytea[], $3::bytea[]) n(workspace_id, was, now)
     where s.workspace_id = n.workspace_id and s.sealed_webhook_secret = n.was`,
    [rows.map(({ workspaceId }) => workspaceId), rows.map(({ was }) => was), rows.map(({ now }) => now)],
  );
