import "server-only";
import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { privateAddress } from "./addresses";

/** The URL leads where nobody from outside may send this server, or is not HTTPS. */
export class ForbiddenTarget extends Error {}

type Target = { url: URL; address: string; family: number };
type Options = { allowPrivate: boolean; timeoutMs: number };

/**
 * Where a URL leads, with every address of its name checked. Whoever calls connects to the address that is answered, and not to the
 * name, which may lead elsewhere a moment later.
 * @throws ForbiddenTarget; Error when the name cannot be resolved in time
 */
export async function targetOf(text: string, { allowPrivate, timeoutMs }: Options): Promise<Target> {
  const url = new URL(text);
  if (url.protocol !== "https:" && !allowPrivate) throw new ForbiddenTarget("The URL must begin with https://.");
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const found = await within(lookup(name, { all: true, verbatim: true }), timeoutMs);
  const [first] = found;
  if (first === undefined) throw new Error(`${name} has no address`);
  if (!allowPrivate && found.some(({ address }) => privateAddress(address) !== null))
    throw new ForbiddenTarget(`${name} leads to a private or loopback address, which is never called.`);
  return { url, ...first };
}

/** One POST to a checked address. Follows no redirect and reads no answer but its status. @returns the status @throws as `targetOf`, and what calling throws */
export async function postPublic(
  text: string,
  { body, headers, ...options }: Options & { body: string; headers: Readonly<Record<string, string>> },
): Promise<number> {
  const beganMs = performance.now();
  const { url, address, family } = await targetOf(text, options);
  const leftMs = Math.max(1, Math.ceil(options.timeoutMs - (performance.now() - beganMs)));
  const name = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(
      {
        host: address,
        family,
        port: url.port || (url.protocol === "https:" ? 443 : 80),
        path: `${url.pathname}${url.search}`,
        method: "POST",
        headers: { ...headers, host: url.host, "content-length": Buffer.byteLength(body) },
        // The certificate is the name's, whatever address it has.
        ...(isIP(name) === 0 && { servername: name }),
        agent: false,
        signal: AbortSignal.timeout(leftMs),
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the name could not be resolved in time")), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
