import "server-only";
import { fillsPlaceholder, type OutgoingMessage, unsubscribeBy } from "../connections/schema";
import { unsubscribeUrl } from "../sends";
import { withUnsubscribeFooter } from "../templates/schema";
import type { Letter } from "./schema";

/** What stands in the place of `unsubscribe_url` in one email, and what is added to it. */
export type Unsubscribing = {
  url: string;
  headers: OutgoingMessage["headers"];
  /** Gives the bodies a link where they show none. */
  complete: (bodies: Bodies) => Bodies;
};
type Bodies = Pick<OutgoingMessage, "html" | "text">;

/**
 * How one email is unsubscribed from: by the provider's placeholder, with header and footer left to the provider, or by our own link, which
 * then stands in the header (RFC 2369) for one click (RFC 8058) and in every body. Never both.
 */
export function unsubscribingOf(
  { id, connection, stream, workspace }: Pick<Letter, "id" | "connection" | "stream" | "workspace">,
  to: string,
  placeholder: string | null,
): Unsubscribing {
  const place = { streams: connection.streams, stream };
  if (placeholder !== null && unsubscribeBy(place, placeholder) === "provider")
    return { url: placeholder, headers: [], complete: (bodies) => bodies };
  const url = unsubscribeUrl({
    workspaceId: workspace.id,
    connectionId: connection.id,
    sendId: id,
    stream,
    email: to,
  });
  return {
    url,
    headers: [
      { name: "List-Unsubscribe", value: `<${url}>` },
      { name: "List-Unsubscribe-Post", value: "List-Unsubscribe=One-Click" },
    ],
    complete: (bodies) =>
      withUnsubscribeFooter(bodies, { url, fillsPlaceholder: fillsPlaceholder(place, placeholder) }),
  };
}
