import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { db } from "../db";
import { log } from "../log";
import { emailAdmins } from "./alert-email";
import { type AlertDelivery, alertDelivery } from "./alert-schema";
import { callWebhook } from "./alert-webhook";
import type { openConnector } from "./open";
import {
  type AlertRow,
  claimDeliveries,
  judgeAlerts,
  readAlertSettings,
  saveDeliveries,
  workspacesToWatch,
} from "./store-alerts";

const triesMax = 3;
/** Telling takes 5 s for the webhook and one call of the provider's, which gives up before. */
const leaseMs = 180_000;
/** From one try to the next: half a minute, then two. */
const againMs = (tries: number) => 30_000 * 4 ** (tries - 1);
const alertsPerTurn = 10;

export type Watched = { workspaces: number; opened: number; told: number; last: string | null };

/**
 * Looks after the alerts of `limit` workspaces behind `after`: opens, closes, tells. Each workspace harms only itself. `last`: where to
 * go on, null after the last one. Any number of processes at once.
 */
export async function watchAlerts({
  after = null,
  limit = 200,
  open,
}: {
  after?: string | null;
  limit?: number;
  open: typeof openConnector;
}): Promise<Watched> {
  const ids = await workspacesToWatch(db, { after, limit });
  const watched: Watched = { workspaces: ids.length, opened: 0, told: 0, last: null };
  if (ids.length === limit) watched.last = ids.at(-1) ?? null;
  for (const workspaceId of ids) {
    const tenant = systemTenant(workspaceId);
    try {
      watched.opened += (await judgeAlerts(db, tenant)).length;
      watched.told += await tellAlerts(tenant, open);
    } catch (thrown) {
      log.error("the alerts of a workspace could not be looked after", thrown, { workspace: workspaceId });
    }
  }
  return watched;
}

async function tellAlerts(tenant: Tenant, open: typeof openConnector): Promise<number> {
  const claimed = await claimDeliveries(db, tenant, { limit: alertsPerTurn, leaseMs });
  for (const row of claimed) await tellAlert(tenant, row, open);
  return claimed.length;
}

/** One try: the webhook if it has not answered yet, and the admins who have not been written to. */
async function tellAlert(tenant: Tenant, row: AlertRow, open: typeof openConnector): Promise<void> {
  const settings = await readAlertSettings(db, tenant);
  let lines = alertDelivery.array().safeParse(row.deliveries).data ?? [];
  const keep = async (more: readonly AlertDelivery[]) => {
    lines = merged(lines, more);
    return saveDeliveries(db, tenant, row, { deliveries: lines });
  };
  if (settings.webhookUrl !== null && !settled(lines, settings.webhookUrl))
    await keep([await callWebhook(tenant, row, settings)]);
  // Facts of who was written to are on disk before the call, so that nobody gets an alert twice.
  if (settings.emailAdmins) await emailAdmins({ tenant, row, open, done: (to) => settled(lines, to), keep });
  const rest = lines.some(({ outcome }) => outcome === "failed") && row.tries < triesMax;
  await saveDeliveries(db, tenant, row, { deliveries: lines, againMs: rest ? againMs(row.tries) : null });
}

/** Told, or perhaps told: neither is told again. */
const settled = (lines: readonly AlertDelivery[], to: string) =>
  lines.some((line) => line.to === to && line.outcome !== "failed");

/** By whom: the newest line counts. */
function merged(lines: readonly AlertDelivery[], more: readonly AlertDelivery[]): AlertDelivery[] {
  const byTarget = new Map([...lines, ...more].map((line) => [`${line.channel} ${line.to}`, line]));
  return [...byTarget.values()];
}
