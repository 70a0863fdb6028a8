import "server-only";

/**
 * Counts requests by where they come from, in this process only: loose, because many people may share an address, and enough to keep one
 * caller from trying without end. @returns a function that tells the seconds to wait, or null when the caller may go on
 */
export function limitOrigins({ requestsMax, windowMs }: { requestsMax: number; windowMs: number }) {
  const seen = new Map<string, { requests: number; resetAtMs: number }>();
  return (origin: string | null, nowMs = performance.now()): number | null => {
    if (origin === null) return null;
    const known = seen.get(origin);
    const window = known && known.resetAtMs > nowMs ? known : { requests: 0, resetAtMs: nowMs + windowMs };
    window.requests += 1;
    if (seen.size >= originsMax && !known) seen.clear();
    seen.set(origin, window);
    return window.requests > requestsMax ? Math.max(1, Math.ceil((window.resetAtMs - nowMs) / 1_000)) : null;
  };
}

const originsMax = 10_000;

/** The caller's network address. The front door, Next and every common proxy write it there; the last one is what the nearest of them saw. */
export const originOf = (forwardedFor: unknown): string | null =>
  typeof forwardedFor === "string" ? (forwardedFor.split(",").at(-1)?.trim() ?? null) : null;
