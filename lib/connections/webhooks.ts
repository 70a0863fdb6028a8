import "server-only";
import { systemTenant, type Tenant } from "../actor";
import { type Db, db } from "../db";
import { AppError } from "../errors";
import type { ParseWebhook } from "./connector";
import { noConnection } from "./open";
import { parsePostmarkWebhook } from "./postmark";
import { openSecret, readableSecret, sameSecret } from "./secrets";
import { findWebhookSecrets, insertWebhook, newestWebhooks } from "./store-webhooks";

const user = "gflux";

/**
 * Who a webhook comes from, by the secret it carries: HTTP Basic password of the user `gflux`, or header X-Gflux-Webhook-Secret.
 * After a rotation the one before is good for its day too. @throws AppError `not_found` for a connection that is not there,
 * `unauthenticated` for a wrong or missing secret
 */
export async function webhookSender(workspaceId: string, connectionId: string, headers: Headers): Promise<Tenant> {
  const tenant = systemTenant(workspaceId);
  const sealed = await findWebhookSecrets(db, tenant, connectionId);
  if (!sealed) throw noConnection();
  const given = [headers.get("x-gflux-webhook-secret"), basicPassword(headers.get("authorization"))];
  const kept = [sealed.current, sealed.previous].flatMap((one) => one ?? []);
  const good = kept.flatMap((one) => readableSecret(tenant, connectionId, "webhook", one) ?? []);
  if (given.some((secret) => secret && good.some((expected) => sameSecret(secret, expected)))) return tenant;
  // It may carry the one that cannot be read here: that is our own trouble, and no reason to refuse it for good.
  for (const one of kept) openSecret(tenant, connectionId, "webhook", one);
  throw new AppError("unauthenticated", "The webhook secret is missing or wrong. It stands on the connection's page.");
}

function basicPassword(header: string | null): string | null {
  const encoded = /^basic\s+(\S+)$/i.exec(header?.trim() ?? "")?.[1] ?? "";
  const [name, password = ""] = Buffer.from(encoded, "base64").toString("utf8").split(/:(.*)/s);
  return name === user ? password : null;
}

/** Reads one webhook body in our words; null for what is well-formed but of no use. Never throws. */
export const parseWebhook: ParseWebhook = parsePostmarkWebhook;

/** Keeps a webhook as it came, whatever it is. @returns its id */
export function storeWebhook(
  db: Db,
  tenant: Tenant,
  { connectionId, text, body }: { connectionId: string; text: string; body: unknown },
): Promise<string> {
  return insertWebhook(db, tenant, { connectionId, recordType: recordTypeOf(body), body: text });
}

function recordTypeOf(body: unknown): string {
  const type = typeof body === "object" && body !== null && "RecordType" in body ? body.RecordType : null;
  const word = typeof type === "string" ? type.slice(0, 64).toWellFormed().replaceAll("\u0000", "") : "";
  return word === "" ? "unknown" : word;
}

/** Record type → when the newest came. */
export const webhookSeen = (db: Db, tenant: Tenant, connectionId: string): Promise<Map<string, Date>> =>
  newestWebhooks(db, tenant, connectionId);
