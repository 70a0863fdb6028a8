import * as z from "zod";
import { AppError, invalidField } from "../errors";
import type { EventIds } from "./components";
import { type EventInput, eventBytesMax, eventInput, identifyInput, identifyName, jsonProblem } from "./schema";

/** `server` came with a secret key, `browser` with a publishable one. */
type Source = "server" | "browser";

/** An event that may be stored. */
export type IncomingEvent = EventIds & {
  name: string;
  source: Source;
  properties: Readonly<Record<string, unknown>>;
  context: Readonly<Record<string, unknown>> | null;
  /** Only of an identify; null removes one. */
  traits: Readonly<Record<string, unknown>> | null;
  occurredAtMs: number;
  messageId: string | null;
};

const dayMs = 24 * 3_600_000;

/** `plain`: the body holds nothing that needs the second look of `jsonProblem`. `bodyBytes` are those of the whole request. */
export type Arrival = { source: Source; receivedAtMs: number; plain: boolean; bodyBytes: number };

/** One event of `/v1/events` or of a batch. @returns what is wrong with it as a value: in a batch the others go on */
export function readEvent(raw: unknown, arrival: Arrival): IncomingEvent | AppError {
  const problem = arrival.plain ? null : jsonProblem(raw);
  if (problem !== null) return new AppError("validation_error", problem);
  if (arrival.bodyBytes > eventBytesMax && JSON.stringify(raw).length > eventBytesMax)
    return new AppError("payload_too_large", "An event takes at most 32 KB.");
  const parsed = eventInput.safeParse(raw);
  return parsed.success ? settle(parsed.data, arrival) : refusal(parsed.error);
}

/** The body of `/v1/identify`. */
export function readIdentify(raw: unknown, arrival: Arrival): IncomingEvent | AppError {
  const problem = arrival.plain ? null : jsonProblem(raw);
  if (problem !== null) return new AppError("validation_error", problem);
  const parsed = identifyInput.safeParse(raw);
  if (!parsed.success) return refusal(parsed.error);
  if (parsed.data.anonymous_id === null && parsed.data.external_id === null)
    return invalidField("external_id", "Give external_id or anonymous_id, or both: an identify goes by no other id.");
  return settle({ ...parsed.data, event: identifyName, user_id: null, properties: {} }, arrival);
}

/** What zod found, as our error: each field with its sentences, the first of them as the sentence of the whole. */
export function refusal({ issues }: z.ZodError): AppError {
  const fields: Record<string, string[]> = {};
  for (const { path, message } of issues) {
    const name = path.join(".");
    fields[name] = [...(fields[name] ?? []), message];
  }
  const [first] = issues;
  const at = first?.path.join(".");
  return at
    ? new AppError("validation_error", `${at}: ${first?.message}`, { fields })
    : new AppError("validation_error", first?.message);
}

function settle(input: EventInput, { source, receivedAtMs }: Arrival): IncomingEvent | AppError {
  const occurredAtMs = input.timestamp === null ? receivedAtMs : Date.parse(input.timestamp);
  if (!(occurredAtMs >= 0)) return invalidField("timestamp", "timestamp must not be before 1970.");
  if (occurredAtMs > receivedAtMs + dayMs)
    return invalidField("timestamp", "timestamp is more than 24 hours in the future.");
  const { anonymous_id: anonymousId, external_id: externalId, user_id: userId } = input;
  if (anonymousId === null && externalId === null && userId === null)
    return invalidField("external_id", "Give at least one of anonymous_id, external_id and user_id.");
  if (userId !== null && source === "browser")
    return new AppError("wrong_key_type", "user_id needs a secret key (gflux_secret_live_…).", {
      received: "publishable",
    });
  if (userId !== null && !z.uuid().safeParse(userId).success) return unknownUser();
  const traits = input.event === identifyName ? (input.traits ?? {}) : null;
  return {
    name: input.event,
    source,
    userId: userId?.toLowerCase() ?? null,
    externalId,
    anonymousId,
    properties: traits ?? input.properties,
    context: input.context,
    traits,
    occurredAtMs,
    messageId: input.message_id,
  };
}

export const unknownUser = (): AppError => invalidField("user_id", "No profile has this user_id.");
