import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { db } from "../db";
import { env } from "../env";
import { log } from "../log";
import { emailAdmins, emailStartWithinMs } from "./alert-email";
import { type AlertDelivery, alertDelivery } from "./alert-schema";
import { callWebhook, webhookTimeoutMs } from "./alert-webhook";
import type { openConnector } from "./open";
import {
  type AlertRow,
  claimDelivery,
  isStillOurs,
  judgeAlerts,
  readAlertSettings,
  saveDeliveries,
  workspacesToWatch,
} from "./store-alerts";

const triesMax = 3;
/** For what is written before, between and after, and for a mail server's last words. */
const savingMs = 25_000;
/** Of one alert: its webhook, then one call to the provider, one after the other, each given up in its time. 70 s with the usual 30 s. */
const leaseMsOf = (providerTimeoutMs: number) => webhookTimeoutMs + emailStartWithinMs + providerTimeoutMs + savingMs;
/** From one try to the next: half a minute, then two. */
const againMs = (tries: number) => 30_000 * 4 ** (tries - 1);
const alertsPerTurn = 10;

export type Watched = { workspaces: number; opened: number; told: number; last: string | null };

/**
 * Looks after the alerts of `limit` workspaces behind `after`: opens, closes, tells. Nothing new is begun once `isOver`. Each workspace
 * harms only itself. `last`: where to go on, null after the last one. Any number of processes at once.
 */
export async function watchAlerts({
  after = null,
  limit = 200,
  open,
  isOver = () => false,
}: {
  after?: string | null;
  limit?: number;
  open: typeof openConnector;
  isOver?: () => boolean;
}): Promise<Watched> {
  const ids = await workspacesToWatch(db, { after, limit });
  const watched: Watched = { workspaces: 0, opened: 0, told: 0, last: after };
  for (const workspaceId of ids) {
    if (isOver()) return watched;
    watched.workspaces += 1;
    watched.last = workspaceId;
    const tenant = systemTenant(workspaceId);
    try {
      watched.opened += (await judgeAlerts(db, tenant)).length;
      watched.told += await tellAlerts(tenant, { open, isOver });
    } catch (thrown) {
      log.error("the alerts of a workspace could not be looked after", thrown, { workspace: workspaceId });
    }
  }
  if (ids.length < limit) watched.last = null;
  return watched;
}

/** One after the other, each claimed by itself, so that a slow one does not use up the lease of those behind it. */
async function tellAlerts(
  tenant: Tenant,
  { open, isOver }: { open: typeof openConnector; isOver: () => boolean },
): Promise<number> {
  const leaseMs = leaseMsOf(env().providerTimeoutMs);
  for (let told = 0; told < alertsPerTurn; told += 1) {
    const row = isOver() ? null : await claimDelivery(db, tenant, { leaseMs });
    if (row === null) return told;
    await tellAlert(tenant, row, { open, isOver });
  }
  return alertsPerTurn;
}

/** One try: the webhook if it has not answered yet, and the admins who have not been written to. */
async function tellAlert(
  tenant: Tenant,
  row: AlertRow,
  { open, isOver }: { open: typeof openConnector; isOver: () => boolean },
): Promise<void> {
  const settings = await readAlertSettings(db, tenant);
  let lines = alertDelivery.array().safeParse(row.deliveries).data ?? [];
  const keep = async (more: readonly AlertDelivery[]) => {
    lines = merged(lines, more);
    return saveDeliveries(db, tenant, row, { deliveries: lines });
  };
  if (settings.webhookUrl !== null && !settled(lines, settings.webhookUrl) && !exhausted(lines, settings.webhookUrl)) {
    // Whoever was stopped in between does not tell what somebody else tells by now.
    if (!(await isStillOurs(db, tenant, row, { forMs: webhookTimeoutMs }))) return;
    await keep([await callWebhook(tenant, row, settings)]);
    if (settings.emailAdmins && isOver()) {
      // Whoever comes next begins the emails: at once, or with the next try of a webhook that did not answer.
      const again = !settled(lines, settings.webhookUrl) && row.tries < triesMax;
      await saveDeliveries(db, tenant, row, { deliveries: lines, againMs: again ? againMs(row.tries) : 0 });
      return;
    }
  }
  // Facts of who was written to are on disk before the call, so that nobody gets an alert twice.
  if (settings.emailAdmins) await emailAdmins({ tenant, row, open, done: (to) => settled(lines, to), keep });
  const rest = lines.some(({ outcome }) => outcome === "failed") && row.tries < triesMax;
  await saveDeliveries(db, tenant, row, { deliveries: lines, againMs: rest ? againMs(row.tries) : null });
}

/** Told, or perhaps told: neither is told again. */
const settled = (lines: readonly AlertDelivery[], to: string) =>
  lines.some((line) => line.to === to && line.outcome !== "failed");

/** Where each try was over before the emails, only they are left. */
const exhausted = (lines: readonly AlertDelivery[], to: string) =>
  lines.some((line) => line.to === to && line.tries >= triesMax);

/** By whom: the newest line counts. */
function merged(lines: readonly AlertDelivery[], more: readonly AlertDelivery[]): AlertDelivery[] {
  const byTarget = new Map([...lines, ...more].map((line) => [`${line.channel} ${line.to}`, line]));
  return [...byTarget.values()];
}
