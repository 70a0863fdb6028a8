import "server-only";
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";

/** What a name server says of a name: records by type, or how it fails. */
type Zone = Record<
  string,
  { TXT?: string[]; CNAME?: string; MX?: [number, string][] } | "SERVFAIL" | "REFUSED" | "silent"
>;

/** A name server on loopback over UDP (RFC 1035): enough for TXT, CNAME and MX. What is not in its zone does not exist. */
export type DnsServer = { address: string; zone: (zone: Zone) => void; close: () => Promise<void> };

const types = { CNAME: 5, MX: 15, TXT: 16 } as const;
const codes = { ok: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

export async function startDnsServer(): Promise<DnsServer> {
  let zone: Zone = {};
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const answer = answerTo(query, zone);
    if (answer !== null) socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    zone: (next) => {
      zone = next;
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function answerTo(query: Buffer, zone: Zone): Buffer | null {
  const { name, end } = readName(query, 12);
  const type = query.readUInt16BE(end);
  const known = zone[name];
  if (known === "silent") return null;
  if (known === "SERVFAIL" || known === "REFUSED") return packet(query, end + 4, codes[known], []);
  if (known === undefined) return packet(query, end + 4, codes.NXDOMAIN, []);
  // A name with an alias answers it to every question.
  const alias = known.CNAME === undefined ? [] : [record(types.CNAME, encodeName(known.CNAME))];
  const texts = type === types.TXT ? (known.TXT ?? []).map((text) => record(types.TXT, encodeText(text))) : [];
  const hosts = type === types.MX ? (known.MX ?? []).map(([rank, host]) => record(types.MX, mx(rank, host))) : [];
  return packet(query, end + 4, codes.ok, [...alias, ...texts, ...hosts]);
}

function readName(query: Buffer, at: number): { name: string; end: number } {
  const labels: string[] = [];
  let position = at;
  for (let length = query[position] ?? 0; length > 0; length = query[position] ?? 0) {
    labels.push(query.toString("latin1", position + 1, position + 1 + length));
    position += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), end: position + 1 };
}

function packet(query: Buffer, questionEnd: number, code: number, records: readonly Buffer[]): Buffer {
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | code, 2); // an answer, recursion wished and offered
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, query.subarray(12, questionEnd), ...records]);
}

/** Its name is a pointer to the question's. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

const encodeName = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split(".")
      .filter(Boolean)
      .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1")),
    Buffer.from([0]),
  ]);

/** In pieces of at most 255 bytes. */
const encodeText = (text: string): Buffer =>
  Buffer.concat(
    (text.match(/.{1,255}/gs) ?? [""]).map((part) =>
      Buffer.from(`${String.fromCharCode(part.length)}${part}`, "latin1"),
    ),
  );

function mx(rank: number, host: string): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(rank);
  return Buffer.concat([head, encodeName(host)]);
}
