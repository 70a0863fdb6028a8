import "server-only";
import { systemTenant } from "../actor";
import type { Db } from "../db";
import { log } from "../log";
import { isStale } from "../seal";
import { openSecret, type SecretKind, sealSecret } from "./secrets";
import { pageOfSealed, replaceSealed, type SealedRow } from "./store-reseal";

const pageRows = 200;
const beforeAll = "00000000-0000-0000-0000-000000000000";

/**
 * Seals again what an older of ENCRYPTION_KEYS had sealed: `limit` connections at most. @returns how many; 0 means that none is
 * left to do. One whose key is no longer listed cannot be opened: it is logged and passed over.
 */
export async function resealConnections(db: Db, limit: number): Promise<number> {
  let resealed = 0;
  let after = { workspaceId: beforeAll, id: beforeAll };
  while (resealed < limit) {
    const page = await pageOfSealed(db, after, pageRows);
    const stale = page.filter((row) => secretsOf(row).some((sealed) => isStale(sealed)));
    const changes = stale.slice(0, limit - resealed).flatMap((was) => again(was) ?? []);
    if (changes.length > 0) resealed += await replaceSealed(db, changes);
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) break;
    after = last;
  }
  return resealed;
}

const secretsOf = ({ token, webhook, previous }: SealedRow) =>
  previous ? [token, webhook, previous] : [token, webhook];

function again(was: SealedRow): { was: SealedRow; now: SealedRow } | null {
  const tenant = systemTenant(was.workspaceId);
  const turn = (kind: SecretKind, sealed: Uint8Array) =>
    sealSecret(tenant, was.id, kind, openSecret(tenant, was.id, kind, sealed));
  try {
    const previous = was.previous && turn("webhook", was.previous);
    return { was, now: { ...was, token: turn("token", was.token), webhook: turn("webhook", was.webhook), previous } };
  } catch (thrown) {
    log.error("a connection's secrets cannot be opened", thrown, { workspace: was.workspaceId, connection: was.id });
    return null;
  }
}
