import "server-only";
import { env } from "../env";
import { openLink, signLink } from "../seal";

/**
 * What an unsubscribe link stands for. The address is in the link itself, hidden, so that it counts years later too: when the send, its
 * person or their address is gone from here, or the person was merged into another.
 */
export type UnsubscribeLink = {
  workspaceId: string;
  connectionId: string;
  sendId: string;
  stream: string;
  email: string;
};

/** Layout of a token: version · workspace · connection · send (16 bytes each) · length of the stream's name · its name · signed address. */
const version = 1;
const streamAt = 1 + 3 * 16;
const purpose = "unsubscribe link";
/** An address has at most 254 characters, a stream's name 30: this is longer than any token of ours. */
const charactersMax = 1_200;

/** The address of the page that ends this kind of mail to this address. Good without end, for whoever holds it. */
export const unsubscribeUrl = (link: UnsubscribeLink): string => `${env().appUrl}/u/${unsubscribeToken(link)}`;

export function unsubscribeToken({ workspaceId, connectionId, sendId, stream, email }: UnsubscribeLink): string {
  const name = Buffer.from(stream);
  const ids = [workspaceId, connectionId, sendId].map((id) => Buffer.from(id.replaceAll("-", ""), "hex"));
  const open = Buffer.concat([Buffer.from([version]), ...ids, Buffer.from([name.length]), name]);
  return Buffer.concat([open, signLink(open, email, purpose)]).toString("base64url");
}

/** What a token stands for; null for what we did not make, or made under a key that is no longer listed. */
export function readUnsubscribeToken(token: string): UnsubscribeLink | null {
  if (token.length > charactersMax || !/^[\w-]+$/.test(token)) return null;
  const bytes = Buffer.from(token, "base64url");
  if (bytes.length <= streamAt || bytes[0] !== version) return null;
  // One spelling for each link.
  if (bytes.toString("base64url") !== token) return null;
  const end = streamAt + 1 + bytes.readUInt8(streamAt);
  const email = openLink(bytes.subarray(0, end), bytes.subarray(end), purpose);
  if (email === null) return null;
  const idAt = (place: number) => uuidOf(bytes.subarray(1 + place * 16, 17 + place * 16));
  return {
    workspaceId: idAt(0),
    connectionId: idAt(1),
    sendId: idAt(2),
    stream: bytes.subarray(streamAt + 1, end).toString(),
    email,
  };
}

const uuidOf = (bytes: Buffer): string =>
  bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
