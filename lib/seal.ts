import "server-only";
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
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

const signatureBytes = 16;

/**
 * Signs what stands in a link for all to read (`open`) and hides what does not (`hidden`), short enough for one: HMAC-SHA256 over both,
 * cut to 128 bits (RFC 2104 §5), which is also the start of AES-256-CTR over `hidden`: a synthetic IV, as in RFC 5297, so the same link
 * is made each time and nothing is stored. The first of ENCRYPTION_KEYS signs; each `purpose` has keys of its own, derived from it.
 * @returns signature · `hidden` in cipher
 */
export function signLink(open: Uint8Array, hidden: string, purpose: string): Buffer<ArrayBuffer> {
  const [key] = env().encryptionKeys;
  if (key === undefined) throw new Error("ENCRYPTION_KEYS is empty");
  const keys = linkKeys(key.bytes, purpose);
  const signature = signatureOf(keys, open, Buffer.from(hidden));
  const cipher = createCipheriv("aes-256-ctr", keys.hiding, signature);
  return Buffer.concat([signature, cipher.update(hidden, "utf8"), cipher.final()]);
}

/** What `signLink` hid, under any of the listed keys, whenever it was signed. Null for what none of them signed for this purpose. */
export function openLink(open: Uint8Array, signed: Uint8Array, purpose: string): string | null {
  if (signed.length < signatureBytes) return null;
  const signature = signed.subarray(0, signatureBytes);
  for (const { bytes } of env().encryptionKeys) {
    const keys = linkKeys(bytes, purpose);
    const decipher = createDecipheriv("aes-256-ctr", keys.hiding, signature);
    const hidden = Buffer.concat([decipher.update(signed.subarray(signatureBytes)), decipher.final()]);
    if (timingSafeEqual(signatureOf(keys, open, hidden), signature)) return hidden.toString("utf8");
  }
  return null;
}

type LinkKeys = { signing: Uint8Array; hiding: Uint8Array };

/** HKDF (RFC 5869): a key is used for one thing only. */
const linkKeys = (bytes: Uint8Array, purpose: string): LinkKeys => ({
  signing: new Uint8Array(hkdfSync("sha256", bytes, "", `gflux ${purpose} signing`, 32)),
  hiding: new Uint8Array(hkdfSync("sha256", bytes, "", `gflux ${purpose} hiding`, 32)),
});

/** With the length of the open part, so that nothing can move from one part to the other. */
function signatureOf({ signing }: LinkKeys, open: Uint8Array, hidden: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(open.length);
  return createHmac("sha256", signing).update(length).update(open).update(hidden).digest().subarray(0, signatureBytes);
}
