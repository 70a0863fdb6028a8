import "server-only";
import { createHmac } from "node:crypto";
import { systemTenant, type Tenant } from "../actor";
import type { Db } from "../db";
import { log } from "../log";
import { isStale, seal, unseal } from "../seal";
import { pageOfAlertSecrets, replaceAlertSecrets } from "./store-alerts";

const place = (tenant: Tenant) => `alerts:${tenant.workspaceId}:webhook`;

export const sealAlertSecret = (tenant: Tenant, secret: string) => seal(secret, place(tenant));

/** @throws Error when the key is gone or the value was changed */
const openAlertSecret = (tenant: Tenant, sealed: Uint8Array): string => unseal(sealed, place(tenant));

/** What signs the calls of a workspace's webhook, or in words why nothing can sign them and what mends it. */
export function alertSecretOf(tenant: Tenant, sealed: Uint8Array | null): { secret: string } | { problem: string } {
  if (sealed === null) return { problem: `There is no secret to sign its calls with. ${mended}` };
  try {
    return { secret: openAlertSecret(tenant, sealed) };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return { problem: `The secret that signs its calls cannot be read (${why}). ${mended}` };
  }
}

const mended = "It is not called until its URL is saved again, which makes a new secret.";

/**
 * The header that says that a call is ours, and when it was made: `t=<Unix seconds>,v1=<HMAC-SHA-256, hex>` of `<t>.<body>`, so that
 * neither body nor time can be another one.
 */
export function signatureOf(secret: string, body: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

const nobody = "00000000-0000-0000-0000-000000000000";
const pageRows = 500;
const pagesMax = 100;

/** Seals again what an older of ENCRYPTION_KEYS had sealed. What cannot be opened is logged and passed over. */
export async function resealAlertSecrets(db: Db): Promise<void> {
  let after = nobody;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await pageOfAlertSecrets(db, after, pageRows);
    const changes = page.filter(({ sealed }) => isStale(sealed)).flatMap((row) => again(row) ?? []);
    if (changes.length > 0) await replaceAlertSecrets(db, changes);
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return;
    after = last.workspaceId;
  }
}

function again({ workspaceId, sealed }: { workspaceId: string; sealed: Uint8Array }) {
  const tenant = systemTenant(workspaceId);
  try {
    return { workspaceId, was: sealed, now: sealAlertSecret(tenant, openAlertSecret(tenant, sealed)) };
  } catch (thrown) {
    log.error("the secret that signs alerts cannot be opened", thrown, { workspace: workspaceId });
    return null;
  }
}
