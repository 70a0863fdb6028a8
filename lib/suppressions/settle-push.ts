/** What the provider said of one address. */
type Said = { kind: "done" } | { kind: "refused"; message: string };
type Push = { email: string; version: number; attempt: number };
export type PushOutcome = {
  email: string;
  version: number;
  status: "pending" | "done" | "refused" | "failed";
  message: string | null;
  /** Of pending ones: when it is tried again. */
  retryMs: number | null;
};

/** Together about six hours; the next reading of the list finds what is still missing, and asks anew. */
const attemptsMax = 12;
const retryMsMin = 15_000;
const retryMsMax = 3_600_000;

/** What becomes of a wish after an attempt. `said`: null when nothing is known of the address, because of `cause`. */
export function settlePush({ email, version, attempt }: Push, said: Said | null, cause: string): PushOutcome {
  if (said?.kind === "done") return { email, version, status: "done", message: null, retryMs: null };
  if (said) return { email, version, status: "refused", message: said.message, retryMs: null };
  const message = cause.slice(0, 500);
  if (attempt >= attemptsMax) return { email, version, status: "failed", message, retryMs: null };
  const retryMs = Math.min(retryMsMin * 2 ** (attempt - 1), retryMsMax);
  return { email, version, status: "pending", message, retryMs };
}
