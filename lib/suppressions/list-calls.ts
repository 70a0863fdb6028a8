import "server-only";
import type { BareCall } from "../connections";
import type { ListAnswer, SuppressionDump } from "../connections/schema";

/** A call to a provider's list for the figures, from its beginning until now. */
export function callOf(answer: ListAnswer | SuppressionDump, beganMs: number): BareCall {
  const ms = performance.now() - beganMs;
  if (answer.kind === "cannot_know") return { outcome: "cannot_know", code: answer.code ?? null, ms };
  return { outcome: "answered", code: null, ms };
}
