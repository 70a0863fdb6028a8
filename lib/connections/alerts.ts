import "server-only";
import { type Actor, allow, type Tenant } from "../actor";
import { db, transaction } from "../db";
import { env } from "../env";
import { AppError } from "../errors";
import { newSecret } from "../ids";
import { audit, nameOfActor } from "../workspaces";
import {
  type Alert,
  type AlertInput,
  type AlertList,
  type AlertSettings,
  alertDelivery,
  alertFigures,
  alertSentence,
  type ChangeAlertSettingsInput,
  type ListAlertsInput,
} from "./alert-schema";
import { alertSecretOf, sealAlertSecret } from "./alert-secret";
import { ForbiddenTarget, targetOf } from "./public-post";
import {
  type AlertRow,
  type AlertSettingsRow,
  acknowledge,
  listAlertRows,
  lockAlertSettings,
  readAlertSettings,
  writeAlertSettings,
} from "./store-alerts";

/** Newest first. */
export async function listAlerts(actor: Actor, input: ListAlertsInput): Promise<AlertList> {
  const tenant = allow(actor, "connections:read");
  const { limit, cursor, open, connection_id: connectionId } = input;
  const rows = await listAlertRows(db, tenant, { connectionId, open, limit: limit + 1, cursor });
  const data = rows.slice(0, limit).map(toAlert);
  return { data, next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** Somebody knows: the banner goes. Repeating it changes nothing. @throws AppError `not_found` */
export async function acknowledgeAlert(actor: Actor, { id }: AlertInput): Promise<Alert> {
  const tenant = allow(actor, "connections:write");
  return transaction(async (tx) => {
    const done = await acknowledge(tx, tenant, { id, by: await nameOfActor(tx, tenant, actor) });
    if (done === null) throw new AppError("not_found", "There is no such alert in this workspace.");
    const { connectionName: subject, kind } = done.row;
    if (done.changed) await audit(tx, tenant, actor, { action: "alert.acknowledged", subject, data: { id, kind } });
    return toAlert(done.row);
  });
}

export function toAlert(row: AlertRow): Alert {
  const figures = alertFigures.safeParse(row.figures).data ?? {};
  return {
    id: row.id,
    connection: { id: row.connectionId, display_name: row.connectionName },
    kind: row.kind,
    sentence: alertSentence(row.kind, row.connectionName, figures),
    opened_at: row.openedAt.toISOString(),
    closed_at: row.closedAt?.toISOString() ?? null,
    acknowledged_at: row.acknowledgedAt?.toISOString() ?? null,
    acknowledged_by: row.acknowledgedBy,
    figures,
    deliveries: alertDelivery.array().safeParse(row.deliveries).data ?? [],
  };
}

/** Who is told of alerts beside the interface. */
export async function getAlertSettings(actor: Actor): Promise<AlertSettings> {
  const tenant = allow(actor, "workspace:read");
  return toSettings(actor, tenant, await readAlertSettings(db, tenant));
}

/**
 * Another URL gets another secret, and so does one whose secret cannot be read; without a URL there is none.
 * @throws AppError `validation_error` for a URL that is never called
 */
export async function changeAlertSettings(actor: Actor, input: ChangeAlertSettingsInput): Promise<AlertSettings> {
  const tenant = allow(actor, "workspace:write");
  const { alert_webhook_url: url, alert_email_admins: emailAdmins } = input;
  if (url) await refuseForbidden(url);
  return transaction(async (tx) => {
    const before = await lockAlertSettings(tx, tenant);
    const unsigned = "problem" in alertSecretOf(tenant, before.sealedWebhookSecret);
    const another = url !== undefined && (url !== before.webhookUrl || unsigned);
    const after: AlertSettingsRow = {
      webhookUrl: url === undefined ? before.webhookUrl : url,
      sealedWebhookSecret: another ? (url ? sealAlertSecret(tenant, newSecret()) : null) : before.sealedWebhookSecret,
      emailAdmins: emailAdmins ?? before.emailAdmins,
    };
    await writeAlertSettings(tx, tenant, after);
    const data = {
      webhook: after.webhookUrl === null ? "none" : new URL(after.webhookUrl).host,
      email_admins: after.emailAdmins,
    };
    await audit(tx, tenant, actor, { action: "alert_settings.changed", data });
    return toSettings(actor, tenant, after);
  });
}

/** Said at once where it can be; a name that cannot be resolved now is looked at again before each call, as all are. */
async function refuseForbidden(url: string): Promise<void> {
  try {
    await targetOf(url, { allowPrivate: env().alertsAllowPrivate, timeoutMs: 3_000 });
  } catch (thrown) {
    if (!(thrown instanceof ForbiddenTarget)) return;
    throw new AppError("validation_error", thrown.message, { fields: { alert_webhook_url: [thrown.message] } });
  }
}

function toSettings(actor: Actor, tenant: Tenant, row: AlertSettingsRow): AlertSettings {
  const { webhookUrl, sealedWebhookSecret: sealed, emailAdmins } = row;
  const manages = actor.permissions.has("workspace:write");
  const opened = webhookUrl === null ? null : alertSecretOf(tenant, sealed);
  return {
    alert_webhook_url: webhookUrl,
    alert_webhook_secret: manages && opened !== null && "secret" in opened ? opened.secret : null,
    alert_webhook_problem: opened !== null && "problem" in opened ? opened.problem : null,
    alert_email_admins: emailAdmins,
  };
}
