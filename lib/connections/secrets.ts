import "server-only";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Tenant } from "../actor";
import { seal, unseal } from "../seal";

/** Where a connection's secrets are sealed for: bound to workspace and connection, so that a copied value opens nowhere else. */
export type SecretKind = "token" | "webhook";
const place = (workspaceId: string, id: string, kind: SecretKind) => `connection:${workspaceId}:${id}:${kind}`;

export const sealSecret = (tenant: Tenant, id: string, kind: SecretKind, secret: string) =>
  seal(secret, place(tenant.workspaceId, id, kind));

/** @throws Error when the key is gone or the value was changed: nothing stands in for an unreadable token */
export const openSecret = (tenant: Tenant, id: string, kind: SecretKind, sealed: Uint8Array) =>
  unseal(sealed, place(tenant.workspaceId, id, kind));

/** The same where others go on without it: null when it cannot be read here. */
export function readableSecret(tenant: Tenant, id: string, kind: SecretKind, sealed: Uint8Array): string | null {
  try {
    return openSecret(tenant, id, kind, sealed);
  } catch {
    return null; // whoever asks says so in words of its own
  }
}

/** What people may see of a token, to tell one from another. Nothing of short ones. */
export const lastFour = (token: string): string => (token.length >= 8 ? token.slice(-4) : "");

/** Differs between any two sealings; tells nothing of the content. The same as `versionSql` works out. */
export const versionOf = (sealed: Uint8Array): string => sha256(sealed).toString("hex").slice(0, 16);
export const versionSql = "left(encode(sha256(sealed_credentials), 'hex'), 16)";

/** Compares without telling by its time how much was right. */
export const sameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(sha256(Buffer.from(given)), sha256(Buffer.from(expected)));

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
