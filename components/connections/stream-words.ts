import {
  type Connection,
  type PublicStream,
  resolveStream,
  type Stream,
  unsubscribeBy,
} from "@/lib/connections/schema";

const internal = ({ unsubscribe_handling, ...stream }: PublicStream): Stream => ({
  ...stream,
  unsubscribeHandling: unsubscribe_handling,
});

/** The stream that mail leaves on when a step names none. */
export const streamOf = (connection: Pick<Connection, "message_stream" | "streams">): string =>
  resolveStream({ messageStream: connection.message_stream, streams: connection.streams.map(internal) });

/** Whether mail of a step leads to our own unsubscribe page, not to one of the provider's: only Postmark has such a page. */
export function weTakeUnsubscribes(
  connection: Pick<Connection, "provider" | "message_stream" | "streams">,
  stepStream: string | null,
): boolean {
  const place = { streams: connection.streams.map(internal), stream: stepStream ?? streamOf(connection) };
  return unsubscribeBy(place, connection.provider === "postmark" ? "{{{ pm:unsubscribe }}}" : null) === "us";
}

export const streamTypes: Record<PublicStream["type"], string> = {
  broadcast: "Broadcast",
  transactional: "Transactional",
  other: "Cannot send",
};

/** Who takes care of unsubscribing on a stream, in a sentence. */
export const unsubscribeWords: Record<PublicStream["unsubscribe_handling"], string> = {
  provider: "Postmark adds the unsubscribe link",
  custom: "gflux adds the unsubscribe link",
  none: "gflux adds the unsubscribe link",
};

const rank: Record<PublicStream["type"], number> = { broadcast: 0, transactional: 1, other: 2 };

/** Streams that can send now, broadcast first. */
export const choosable = (streams: readonly PublicStream[]): PublicStream[] =>
  streams
    .filter((stream) => !stream.archived && stream.type !== "other")
    .sort((a, b) => rank[a.type] - rank[b.type] || a.name.localeCompare(b.name));
