import type { Stream } from "./connector";

/** A stream, as far as it says who takes its unsubscribes. */
type Known = Pick<Stream, "id" | "type" | "unsubscribeHandling">;

/**
 * Who takes the unsubscribes of mail on a stream. `provider`: its placeholder becomes its own link, and header and footer are left to it
 * (Postmark: a broadcast stream of which it manages the unsubscribes, https://postmarkapp.com/support/article/1299). `us`: everywhere
 * else, also where the streams were never read: a link too many is better than none.
 */
export function unsubscribeBy(
  { streams, stream }: { streams: readonly Known[]; stream: string },
  placeholder: string | null,
): "provider" | "us" {
  const known = streams.find(({ id }) => id === stream);
  const managed = known?.type === "broadcast" && known.unsubscribeHandling === "provider";
  return placeholder && managed ? "provider" : "us";
}

/**
 * Whether the provider turns its placeholder into a link on this stream, where somebody wrote it into the text: not on one whose
 * unsubscribes are the sender's own business.
 */
export function fillsPlaceholder(
  { streams, stream }: { streams: readonly Known[]; stream: string },
  placeholder: string | null,
): boolean {
  const handling = streams.find(({ id }) => id === stream)?.unsubscribeHandling;
  return Boolean(placeholder) && handling !== "custom";
}
