import "server-only";
import { createHash, randomBytes, randomFillSync } from "node:crypto";

const pool = Buffer.alloc(16 * 256);
let used = pool.length;

/** A UUIDv7 (RFC 9562 §5.7): sorts by the millisecond it was made in. */
export function newId(atMs: number = Date.now()): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + 16);
  used += 16;
  bytes.writeUIntBE(atMs, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A secret that a person or an app carries: 192 random bits, base64url. */
export const newSecret = (): string => randomBytes(24).toString("base64url");

/** How a secret of that size is stored: it cannot be guessed, so one SHA-256 is enough. Hex. */
export const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");
