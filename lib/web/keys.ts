import "server-only";
import { AppError } from "../errors";
import { hashSecret } from "../ids";
import { type FoundKey, findKey, noteKeyUsed } from "../workspaces";

const keysMax = 10_000;
/** Trusted only with the workspace's version, which intake compares in the statement that writes. By hash: no keys lie about in memory. */
const cached = new Map<string, FoundKey>();

/** The key that came with a request: `Authorization: Bearer …`, or `?api_key=`. @throws AppError `unauthenticated` */
export function secretOf(request: Request): string {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  const secret = bearer ?? (request.url.includes("api_key=") ? new URL(request.url).searchParams.get("api_key") : null);
  if (!secret) throw new AppError("unauthenticated", "Send an API key: Authorization: Bearer gflux_secret_live_….");
  return secret;
}

/** Whose key this is, as it is now. @throws AppError `unauthenticated` */
export async function findFresh(secret: string): Promise<FoundKey> {
  const found = await findKey(secret);
  if (found === null) {
    cached.delete(hashSecret(secret));
    throw new AppError("unauthenticated", "This API key is unknown or was revoked.");
  }
  noteKeyUsed(found);
  return found;
}

/** As `findFresh`, from memory where it was found before: only for writes that compare the workspace's version. */
export async function findCached(secret: string): Promise<FoundKey> {
  const hash = hashSecret(secret);
  const known = cached.get(hash);
  if (known) {
    noteKeyUsed(known);
    return known;
  }
  const found = await findFresh(secret);
  if (cached.size >= keysMax) cached.clear();
  cached.set(hash, found);
  return found;
}

/** What was cached for a key is outdated. */
export const forgetKey = (secret: string): void => void cached.delete(hashSecret(secret));
