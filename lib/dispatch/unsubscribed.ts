import { sendSteps } from "../automations/schema";
import { resolveStream } from "../connections/schema";
import type { Note, Situation } from "./schema";

/**
 * Where the person has unsubscribed from mail that this automation writes, as a note tells it: the first of its emails whose stream that
 * is. Null where that ends no run of it, or where they have not. Asked of what holds now, not of what happened: whoever unsubscribed
 * before they entered leaves as well, and whoever took it back in time does not.
 */
export function unsubscribedFrom({ definition, unsubscribed, connections }: Situation): Note["details"] | null {
  if (definition.on_unsubscribe !== "exit" || unsubscribed.length === 0) return null;
  for (const step of sendSteps(definition)) {
    const connection = connections.get(step.email_provider_id ?? "");
    if (connection === undefined) continue;
    const stream = resolveStream(connection, step.message_stream);
    const there = unsubscribed.some(
      (one) => one.connectionId === connection.id && (one.stream === stream || one.stream === "*"),
    );
    if (there) return { connection_id: connection.id, stream };
  }
  return null;
}
