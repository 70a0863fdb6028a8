import "server-only";
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/**
 * scrypt (RFC 7914), N=2^15: 32 MiB and about a tenth of a second a try, beside the throttle of sign-ins. The parameters stand in
 * each hash, so that they can grow without locking anyone out.
 */
const current = { ln: 15, r: 8, p: 1 };
const saltBytes = 16;
const hashBytes = 32;
const format = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]+)$/;

/** @returns a PHC string: `$scrypt$ln=15,r=8,p=1$salt$hash` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, salt, hashBytes, current);
  const { ln, r, p } = current;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/**
 * Whether the password is the one. With `stored` null (nobody has that address) it takes as long and answers false, so that
 * the time tells nothing. @throws Error when the stored hash cannot be read
 */
export async function passwordMatches(password: string, stored: string | null): Promise<boolean> {
  if (stored === null) {
    await derive(password, Buffer.alloc(saltBytes), hashBytes, current);
    return false;
  }
  const match = format.exec(stored);
  if (match === null) throw new Error("a stored password hash cannot be read");
  const [, ln, r, p, salt = "", hash = ""] = match;
  const expected = Buffer.from(hash, "base64url");
  const parameters = { ln: Number(ln), r: Number(r), p: Number(p) };
  const actual = await derive(password, Buffer.from(salt, "base64url"), expected.length, parameters);
  return timingSafeEqual(actual, expected);
}

/** NFKC, because keyboards differ in how they compose the same letter (NIST SP 800-63B §5.1.1.2). */
function derive(password: string, salt: Buffer, length: number, { ln, r, p }: typeof current): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 2 * 128 * r * 2 ** ln };
  return new Promise((resolve, reject) =>
    scrypt(password.normalize("NFKC"), salt, length, options, (failure, hash) =>
      failure ? reject(failure) : resolve(hash),
    ),
  );
}
