import { BlockList, isIP } from "node:net";

/** Whether the provider can call this installation. */
export type Reach = { kind: "reachable" } | { kind: "local"; host: string };

/**
 * Judges APP_URL by its text alone. Loopback counts as reachable when the provider stands on loopback too, as the sandbox does.
 * Addresses: RFC 1918, 3927, 4193, 4291, 6598; names: RFC 6761, 6762, 8375.
 */
export function reachOf(appUrl: string, providerUrl: string): Reach {
  const host = hostOf(appUrl);
  if (isLoopback(host) && isLoopback(hostOf(providerUrl))) return { kind: "reachable" };
  return isLocal(host) ? { kind: "local", host } : { kind: "reachable" };
}

const hostOf = (url: string) => new URL(url).hostname.replace(/^\[|\]$/g, "").toLowerCase();

const localNames = /(^|\.)(localhost|local|internal|lan|home\.arpa|test|invalid|example)$/;

const isLoopback = (host: string) => host === "localhost" || host.endsWith(".localhost") || contains(loopback, host);
const isLocal = (host: string) =>
  isIP(host) === 0 ? localNames.test(host) || !host.includes(".") : contains(loopback, host) || contains(inside, host);

const contains = (list: BlockList, host: string) =>
  isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");

const loopback = listOf([
  ["127.0.0.0", 8],
  ["::1", 128],
]);
const inside = listOf([
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["fc00::", 7],
  ["fe80::", 10],
]);

function listOf(ranges: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, isIP(network) === 6 ? "ipv6" : "ipv4");
  return list;
}
