import "server-only";
import { type Actor, allow, type Permission, permissions, systemTenant } from "../actor";
import { db, outsideTransaction, transaction } from "../db";
import { AppError } from "../errors";
import { hashSecret, newSecret } from "../ids";
import { log } from "../log";
import { audit, bumpVersion } from "./audit";
import {
  type ApiKeyList,
  type CreateKeyInput,
  type KeyInput,
  keyPrefixes,
  type ListKeysInput,
  type NewApiKey,
} from "./schema";
import { insertKey, keyByHash, listKeyRows, revokeKeyRow, touchKey } from "./store-keys";

/** Makes a key; the key itself is in the answer and nowhere else. A key can give no more than it has. @throws AppError `insufficient_scope` */
export async function createKey(actor: Actor, { kind, name, scopes }: CreateKeyInput): Promise<NewApiKey> {
  const tenant = allow(actor, "keys:write");
  const beyond = powers(kind, scopes).filter((scope) => !actor.permissions.has(scope));
  if (beyond.length > 0)
    throw new AppError(
      "insufficient_scope",
      `A key cannot make one that may do more than itself: ${beyond.join(", ")}.`,
    );
  const key = keyPrefixes[kind] + newSecret();
  return transaction(async (tx) => {
    const row = { kind, name, scopes, prefix: keyPrefixes[kind], last4: key.slice(-4) };
    const made = await insertKey(tx, tenant, { ...row, keyHash: hashSecret(key), createdBy: actor.id });
    await audit(tx, tenant, actor, { action: "key.created", subject: name, data: { kind, last4: row.last4 } });
    return { ...made, key };
  });
}

/** Keys that are not revoked, newest first. */
export async function listKeys(actor: Actor, { limit, cursor }: ListKeysInput): Promise<ApiKeyList> {
  const rows = await listKeyRows(db, allow(actor, "keys:read"), { limit: limit + 1, cursor });
  const data = rows.slice(0, limit);
  return { data, next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** Refused from the next request on, in every process. @throws AppError `not_found` */
export async function revokeKey(actor: Actor, { id }: KeyInput): Promise<null> {
  const tenant = allow(actor, "keys:write");
  await transaction(async (tx) => {
    const revoked = await revokeKeyRow(tx, tenant, id);
    if (revoked === null) throw new AppError("not_found", "There is no such key, or it was revoked already.");
    await bumpVersion(tx, tenant);
    await audit(tx, tenant, actor, { action: "key.revoked", subject: revoked.name, data: { kind: revoked.kind } });
  });
  return null;
}

export type FoundKey = { actor: Actor; keyId: string; workspaceVersion: number };

/** Whose key this is; null when it is unknown or revoked. Whoever caches it trusts it only with the workspace's version. */
export async function findKey(secret: string): Promise<FoundKey | null> {
  if (!/^gflux_(?:pub|secret)_live_[\w-]{16,64}$/.test(secret)) return null;
  const found = await keyByHash(db, hashSecret(secret));
  if (found === null) return null;
  const { id, workspaceId, workspaceVersion } = found;
  const actor: Actor = {
    kind: found.kind === "secret" ? "secret_key" : "publishable_key",
    id,
    workspaceId,
    permissions: new Set(powers(found.kind, found.scopes)),
    workspaceVersion,
  };
  return { actor, keyId: id, workspaceVersion };
}

const noteEveryMs = 60_000;
const notedAtMs = new Map<string, number>();

/** Notes that a key was used: call it as often as you like, it writes at most once a minute and never fails the caller. */
export function noteKeyUsed(found: FoundKey): void {
  const nowMs = performance.now();
  if (nowMs - (notedAtMs.get(found.keyId) ?? -noteEveryMs) < noteEveryMs) return;
  if (notedAtMs.size > 10_000) notedAtMs.clear();
  notedAtMs.set(found.keyId, nowMs);
  outsideTransaction(() => touchKey(db, systemTenant(found.actor.workspaceId), found.keyId)).catch((thrown) =>
    log.warn("last use of a key not noted", { keyId: found.keyId, error: String(thrown) }),
  );
}

/** Everything that a key may do. */
const powers = (kind: "publishable" | "secret", scopes: readonly Permission[]): readonly Permission[] => {
  if (kind === "publishable") return ["events:write"];
  return scopes.length === 0 ? permissions : scopes;
};
