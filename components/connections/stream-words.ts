import { type Connection, type PublicStream, resolveStream, type Stream } from "@/lib/connections/schema";

const internal = ({ unsubscribe_handling, ...stream }: PublicStream): Stream => ({
  ...stream,
  unsubscribeHandling: unsubscribe_handling,
});

/** The stream that mail leaves on when a step names none. */
export const streamOf = (connection: Pick<Connection, "message_stream" | "streams">): string =>
  resolveStream({ messageStream: connection.message_stream, streams: connection.streams.map(internal) });

export const streamTypes: Record<PublicStream["type"], string> = {
  broadcast: "Broadcast",
  transactional: "Transactional",
  other: "Cannot send",
};

/** Who takes care of unsubscribing on a stream, in a sentence. */
export const unsubscribeWords: Record<PublicStream["unsubscribe_handling"], string> = {
  provider: "Postmark adds the unsubscribe link",
  custom: "Unsubscribing is handled by you",
  none: "No unsubscribe link is added",
};

const rank: Record<PublicStream["type"], number> = { broadcast: 0, transactional: 1, other: 2 };

/** Streams that can send now, broadcast first. */
export const choosable = (streams: readonly PublicStream[]): PublicStream[] =>
  streams
    .filter((stream) => !stream.archived && stream.type !== "other")
    .sort((a, b) => rank[a.type] - rank[b.type] || a.name.localeCompare(b.name));
