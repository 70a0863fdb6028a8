import "server-only";
import type { Tenant } from "../actor";
import { env } from "../env";
import type { AlertDelivery } from "./alert-schema";
import { alertSecretOf, signatureOf } from "./alert-secret";
import { toAlert } from "./alerts";
import { postPublic } from "./public-post";
import type { AlertRow, AlertSettingsRow } from "./store-alerts";

/** From looking up its name to its answer. */
export const webhookTimeoutMs = 5_000;

/** One try to tell a customer's own server. Never throws: what went wrong is the outcome. Any 2xx is taken for heard. */
export async function callWebhook(
  tenant: Tenant,
  row: AlertRow,
  { webhookUrl, sealedWebhookSecret }: AlertSettingsRow,
): Promise<AlertDelivery> {
  const to = webhookUrl ?? "";
  const line = { channel: "webhook", to, tries: row.tries, at: new Date().toISOString() } as const;
  const opened = alertSecretOf(tenant, sealedWebhookSecret);
  if ("problem" in opened) return { ...line, outcome: "failed", detail: opened.problem };
  try {
    const body = JSON.stringify(payloadOf(tenant, row));
    const headers = {
      "content-type": "application/json",
      "user-agent": "gflux",
      "x-gflux-signature": signatureOf(opened.secret, body, new Date()),
    };
    const status = await postPublic(to, {
      body,
      headers,
      timeoutMs: webhookTimeoutMs,
      allowPrivate: env().alertsAllowPrivate,
    });
    if (status >= 200 && status < 300) return { ...line, outcome: "delivered", detail: null };
    return { ...line, outcome: "failed", detail: `It answered ${status}.` };
  } catch (thrown) {
    return { ...line, outcome: "failed", detail: wordsOf(thrown) };
  }
}

function payloadOf({ workspaceId }: Tenant, row: AlertRow) {
  const { deliveries: _told, acknowledged_at: _at, acknowledged_by: _by, ...alert } = toAlert(row);
  return { type: "alert.opened", project_id: workspaceId, alert };
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof Error && (thrown.name === "TimeoutError" || thrown.name === "AbortError"))
    return "No answer within five seconds.";
  return (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 300);
}
