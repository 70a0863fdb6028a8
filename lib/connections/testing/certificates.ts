import "server-only";
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A key with its certificate, as servers take them. */
export type Identity = { key: string; cert: string };
type Issuer = { name: string; key: KeyObject };
type Wish = { host: string; from?: Date; until?: Date; issuer?: Issuer };

const day = 86_400_000;

/** An authority of this test's own: what it signs is good for who trusts `ca`. */
export function newAuthority(): { ca: string; issue: (wish: Omit<Wish, "issuer">) => Identity } {
  const { privateKey, publicKey } = pair();
  const issuer = { name: `Test authority ${randomBytes(4).toString("hex")}`, key: privateKey };
  const ca = certificate({ subject: issuer.name, publicKey, issuer, isAuthority: true });
  return { ca, issue: (wish) => issue({ ...wish, issuer }) };
}

/** One that nobody vouches for but itself. */
export const selfSigned = (host: string): Identity => issue({ host });

function issue({ host, from, until, issuer }: Wish): Identity {
  const { privateKey, publicKey } = pair();
  const by = issuer ?? { name: host, key: privateKey };
  const cert = certificate({ subject: host, host, publicKey, issuer: by, from, until });
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert };
}

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })), publicKey };
}

type Certificate = {
  subject: string;
  host?: string;
  publicKey: KeyObject;
  issuer: Issuer;
  from?: Date | undefined;
  until?: Date | undefined;
  isAuthority?: boolean;
};

/** RFC 5280 §4.1, in DER (X.690), signed with ECDSA and SHA-256 (RFC 5758 §3.2). */
function certificate({ subject, host, publicKey, issuer, from, until, isAuthority = false }: Certificate): string {
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const extensions = [
    isAuthority ? sequence(oid("551d13"), tagged(0x04, sequence(tagged(0x01, Buffer.from([0xff]))))) : null,
    host === undefined ? null : sequence(oid("551d11"), tagged(0x04, sequence(tagged(0x82, Buffer.from(host))))),
  ].filter((extension) => extension !== null);
  const toBeSigned = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(issuer.name),
    sequence(time(from ?? new Date(Date.now() - day)), time(until ?? new Date(Date.now() + day))),
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", toBeSigned, issuer.key)]);
  const der = sequence(toBeSigned, algorithm, tagged(0x03, signature));
  return `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, "hex"));
const name = (text: string): Buffer => sequence(tagged(0x31, sequence(oid("550403"), tagged(0x0c, Buffer.from(text)))));
const time = (at: Date): Buffer => tagged(0x18, Buffer.from(`${at.toISOString().replace(/\D/g, "").slice(0, 14)}Z`));
