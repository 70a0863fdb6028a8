import "server-only";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { env } from "./env";

/**
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) under the first of ENCRYPTION_KEYS; every listed key opens.
 * `place` names where the secret belongs (`connection:<workspace>:<id>:token`) and is authenticated with it, so that a sealed
 * value copied to another row does not open there.
 * Layout: 1 byte version · 1 byte length of key id · key id · 12 bytes nonce · 16 bytes tag · ciphertext.
 */
const version = 1;

export function seal(plain: string, place: string): Buffer<ArrayBuffer> {
  const [key] = env().encryptionKeys;
  if (key === undefined) throw new Error("ENCRYPTION_KEYS is empty");
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  const id = Buffer.from(key.id);
  return Buffer.concat([Buffer.from([version, id.length]), id, nonce, cipher.getAuthTag(), body]);
}

/** @throws Error when the key is not listed, the value was changed, or it was sealed for another place. Says nothing of the content. */
export function unseal(sealed: Uint8Array, place: string): string {
  const { keyId, rest } = parts(sealed);
  const key = env().encryptionKeys.find((candidate) => candidate.id === keyId);
  if (key === undefined) throw new Error(`ENCRYPTION_KEYS has no key with id ${keyId}`);
  const decipher = createDecipheriv("aes-256-gcm", key.bytes, rest.subarray(0, 12)).setAAD(Buffer.from(place));
  decipher.setAuthTag(rest.subarray(12, 28));
  return Buffer.concat([decipher.update(rest.subarray(28)), decipher.final()]).toString("utf8");
}

/** Whether the value should be sealed again, because another key is first now. */
export const isStale = (sealed: Uint8Array): boolean => parts(sealed).keyId !== env().encryptionKeys[0]?.id;

function parts(sealed: Uint8Array): { keyId: string; rest: Buffer } {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < 31 || bytes[0] !== version) throw new Error("not a sealed value");
  const end = 2 + bytes.readUInt8(1);
  return { keyId: bytes.subarray(2, end).toString(), rest: bytes.subarray(end) };
}
