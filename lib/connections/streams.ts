import * as z from "zod";
import type { Stream } from "./connector";

/** A stream as it is stored with its connection. */
export const storedStream = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(["broadcast", "transactional", "other"]),
  unsubscribeHandling: z.enum(["provider", "custom", "none"]),
  archived: z.boolean(),
}) satisfies z.ZodType<Stream>;

/** What every Postmark server has and what its API takes when no stream is named. */
const defaultStream = "outbound";

type Streams = { messageStream: string | null; streams: readonly Stream[] };

/** The stream that a message leaves on: the step's, else the connection's, else the server's only live broadcast stream, else `outbound`. */
export const resolveStream = (connection: Streams, stepStream: string | null = null): string =>
  namedStream(connection, stepStream) ?? defaultStream;

/** The same without the last: null where nobody names one and the server's streams do not tell, or were never read. */
export const namedStream = (connection: Streams, stepStream: string | null): string | null =>
  stepStream ?? connection.messageStream ?? onlyBroadcast(connection.streams);

function onlyBroadcast(streams: readonly Stream[]): string | null {
  const [first, second] = streams.filter((stream) => stream.type === "broadcast" && !stream.archived);
  return first !== undefined && second === undefined ? first.id : null;
}

/** Why nothing can be sent on a stream, in one sentence; null when it can, or when the streams were never read. */
export function streamProblem({ streams }: Pick<Streams, "streams">, streamId: string): string | null {
  if (streams.length === 0) return null;
  const stream = streams.find(({ id }) => id === streamId);
  if (stream === undefined) return `The server has no message stream “${streamId}”; it has ${listed(streams)}.`;
  if (stream.archived) return `The message stream “${streamId}” is archived.`;
  if (stream.type === "other") return `The message stream “${streamId}” is not one that can send.`;
  return null;
}

/**
 * Why lifecycle mail may not leave on a stream, in one sentence; null when it may. Publishing an automation refuses with it.
 * Lifecycle mail belongs on a broadcast stream: there the provider adds the unsubscribe link that such mail owes its reader.
 */
export function lifecycleProblem(
  connection: Streams & { allowTransactional: boolean },
  streamId: string,
): string | null {
  const problem = streamProblem(connection, streamId);
  if (problem !== null) return problem;
  const stream = connection.streams.find(({ id }) => id === streamId);
  if (stream?.type !== "transactional" || connection.allowTransactional) return null;
  return `The message stream “${streamId}” is transactional, and lifecycle mail belongs on a broadcast stream. Choose one, or set allow_transactional on the connection if you mean it.`;
}

function listed(streams: readonly Stream[]): string {
  const names = streams.filter((stream) => stream.type !== "other" && !stream.archived).map(({ id }) => `“${id}”`);
  return names.length === 0 ? "none that can send" : names.join(", ");
}
