import type { Settings, TriggerName } from "./schema";

const recentNine = [1, 5, 15, 1, 5, 10, 10, 10, 15];
const recentSix = [1, 5, 10, 10, 10, 15];
const legacyLong = [1, 5, 10, 10, 10, 15, 30, 60, 120, 360];
const legacyShort = [1, 5, 15];

/** Minutes between the attempts of one event, by regime and type of event. */
export function retryLadder(regime: Settings["retryRegime"], type: TriggerName): number[] {
  if (regime === "2026-nine") return recentNine;
  if (regime === "2026-six") return recentSix;
  return type === "Bounce" || type === "SpamComplaint" ? legacyLong : legacyShort;
}

/** What an answer (null: none came) means under a regime. */
export function judge(regime: Settings["retryRegime"], status: number | null): "delivered" | "retry" | "stop" {
  if (regime === "legacy") {
    if (status === 200) return "delivered";
    return status === 403 ? "stop" : "retry";
  }
  if (status === null) return "retry";
  if (status >= 200 && status < 300) return "delivered";
  const lasting = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return lasting ? "stop" : "retry";
}
