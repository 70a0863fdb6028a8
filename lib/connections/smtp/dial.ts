import "server-only";
import { lookup as systemLookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import { privateAddress } from "../addresses";
import type { SmtpPlace } from "./place";
import type { Trouble } from "./trouble";

/** All addresses of a host, as the system knows them. */
type Lookup = (host: string) => Promise<readonly string[]>;
/** `allowPrivate`: addresses inside the own network are good too. */
export type DialOptions = { allowPrivate: boolean; lookup?: Lookup | undefined };

const addressesTried = 4;

/**
 * A TCP connection to a server, or why there is none. The name is looked up once, every address is judged, and the connection goes to
 * one that was judged: a name that answers differently the next time (DNS rebinding) leads nowhere else.
 */
export async function dial(place: SmtpPlace, options: DialOptions, withinMs: number): Promise<Socket | Trouble> {
  const endMs = performance.now() + withinMs;
  const found = await addressesOf(place.host, options, withinMs);
  if ("kind" in found) return found;
  let trouble: Trouble = { kind: "no_connection", said: "ETIMEDOUT" };
  const tried = found.slice(0, addressesTried);
  for (const [index, address] of tried.entries()) {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) break;
    // Each gets its share of what is left, so that one that does not answer leaves time for the others.
    const outcome = await connectTo(address, place.port, leftMs / (tried.length - index));
    if (!("kind" in outcome)) return outcome;
    trouble = outcome;
  }
  return trouble;
}

async function addressesOf(
  host: string,
  { allowPrivate, lookup = lookUp }: DialOptions,
  withinMs: number,
): Promise<readonly string[] | Trouble> {
  const answer = isIP(host) > 0 ? [host] : await inTime(lookup(host), withinMs);
  if ("kind" in answer) return answer;
  if (answer.length === 0) return { kind: "host_not_found", said: "no address" };
  const inside = allowPrivate ? undefined : answer.find((address) => privateAddress(address) !== null);
  return inside === undefined ? answer : { kind: "private_address", said: `${inside}: ${privateAddress(inside)}` };
}

const lookUp: Lookup = async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address);

async function inTime(asked: Promise<readonly string[]>, withinMs: number): Promise<readonly string[] | Trouble> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Trouble>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "lookup_failed", said: "no answer in time" }), withinMs);
  });
  try {
    return await Promise.race([asked, late]);
  } catch (thrown) {
    const code = codeOf(thrown);
    return { kind: code === "ENOTFOUND" || code === "ENODATA" ? "host_not_found" : "lookup_failed", said: code };
  } finally {
    clearTimeout(timer);
  }
}

function connectTo(host: string, port: number, withinMs: number): Promise<Socket | Trouble> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => end({ kind: "no_connection", said: "ETIMEDOUT" }), withinMs);
    const end = (trouble: Trouble) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(trouble);
    };
    const failed = (error: Error) => end({ kind: kindOf(codeOf(error)), said: codeOf(error) });
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeListener("error", failed);
      // Between here and the session's own listener nothing may be thrown into the process.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

function kindOf(code: string): Trouble["kind"] {
  if (code === "ECONNREFUSED") return "connection_refused";
  return code === "ETIMEDOUT" ? "no_connection" : "no_route";
}

function codeOf(thrown: unknown): string {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
  return typeof code === "string" && /^[\w-]{1,64}$/.test(code) ? code : "no reason given";
}
