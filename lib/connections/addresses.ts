import "server-only";
import { BlockList, isIP } from "node:net";

/** Addresses that are not on the public internet: IANA's special-purpose registries (RFC 6890) with multicast and what is reserved. */
const ranges: readonly [address: string, prefix: number, what: string][] = [
  ["0.0.0.0", 8, "this host"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "a carrier's own"],
  ["127.0.0.0", 8, "loopback"],
  ["169.254.0.0", 16, "link-local (a cloud's metadata lives there)"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "reserved"],
  ["192.0.2.0", 24, "for documentation"],
  ["192.88.99.0", 24, "reserved"],
  ["192.168.0.0", 16, "private"],
  ["198.18.0.0", 15, "for measurements"],
  ["198.51.100.0", 24, "for documentation"],
  ["203.0.113.0", 24, "for documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved"],
  ["::", 128, "this host"],
  ["::1", 128, "loopback"],
  ["64:ff9b:1::", 48, "a translator's own"],
  ["100::", 64, "to be discarded"],
  ["2001::", 23, "reserved"],
  ["2001:db8::", 32, "for documentation"],
  ["3fff::", 20, "for documentation"],
  ["5f00::", 16, "reserved"],
  ["fc00::", 7, "private"],
  ["fe80::", 10, "link-local"],
  ["fec0::", 10, "private"],
  ["ff00::", 8, "multicast"],
];

const lists = ranges.map(([address, prefix, what]) => {
  const list = new BlockList();
  list.addSubnet(address, prefix, familyOf(address));
  return { list, what };
});

/**
 * IPv6 addresses that carry an IPv4 one, with the place of its first group of 16 bits: mapped (RFC 4291 §2.5.5.2), compatible (§2.5.5.1),
 * translated (RFC 6052 §2.1, RFC 2765) and 6to4 (RFC 3056).
 */
const carriers: readonly [prefix: readonly number[], at: number][] = [
  [[0, 0, 0, 0, 0, 0xffff], 6],
  [[0, 0, 0, 0, 0xffff, 0], 6],
  [[0, 0, 0, 0, 0, 0], 6],
  [[0x64, 0xff9b, 0, 0, 0, 0], 6],
  [[0x2002], 1],
];

/** Why a connection to this address would stay within the own network, in a word or two; null when it leads to the internet. */
export function privateAddress(address: string): string | null {
  const bare = address.replace(/%.*$/, "");
  if (isIP(bare) === 0) return "not an address";
  const own = lists.find(({ list }) => list.check(bare, familyOf(bare)))?.what ?? null;
  if (own !== null || isIP(bare) === 4) return own;
  const groups = groupsOf(bare);
  const carrier = carriers.find(([prefix]) => prefix.every((group, index) => groups[index] === group));
  if (carrier !== undefined) return privateAddress(dotted(groups, carrier[1]));
  return globalUnicast.check(bare, "ipv6") ? null : "not assigned";
}

/** All that IANA has given to the IPv6 internet (RFC 4291 §2.5.4). */
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

const dotted = (groups: readonly number[], at: number): string =>
  [groups[at] ?? 0, groups[at + 1] ?? 0].flatMap((group) => [group >> 8, group & 255]).join(".");

/** The eight groups of an IPv6 address that `isIP` has accepted. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, fromDotted).split("::");
  const numbers = (part: string | undefined) =>
    part ? part.split(":").map((group) => Number.parseInt(group, 16)) : [];
  const [before, after] = [numbers(head), numbers(tail)];
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: missing }, () => 0), ...after];
}

const fromDotted = (_all: string, a: string, b: string, c: string, d: string): string =>
  [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":");
