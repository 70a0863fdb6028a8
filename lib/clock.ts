import "server-only";

/** The present, handed to rules that need it. Leases and deadlines use the database's clock instead. */
export type Clock = () => Date;
export const systemClock: Clock = () => new Date();

/** Resolves after `delayMs`, or at once when the signal fires; never rejects. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener("abort", done, { once: true });
  });
}
