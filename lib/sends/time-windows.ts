/** What became of a window. `too_many`: more than is to be shown at once, so a shorter one is asked for. `stopped`: it was not shown whole. */
export type WindowShown = "whole" | "too_many" | "stopped";

/**
 * Walks from one moment to another in windows that double while they are shown whole and halve while there is too much in them, so that all
 * is reached however much there is, by few calls, and whoever stops goes on at the last window that was whole. `show` may answer
 * `too_many` only where it is told that the window can be `shorter`.
 */
export async function walkWindows({
  fromMs,
  toMs,
  widestMs,
  narrowestMs,
  show,
}: {
  fromMs: number;
  toMs: number;
  widestMs: number;
  narrowestMs: number;
  show: (sinceMs: number, untilMs: number, shorter: boolean) => Promise<WindowShown>;
}): Promise<void> {
  let atMs = fromMs;
  let widthMs = widestMs;
  while (atMs < toMs) {
    const untilMs = Math.min(atMs + widthMs, toMs);
    const shorter = untilMs - atMs > narrowestMs;
    const shown = await show(atMs, untilMs, shorter);
    if (shown === "stopped") return;
    if (shown === "too_many" && shorter) {
      widthMs = Math.max((untilMs - atMs) / 2, narrowestMs);
      continue;
    }
    atMs = untilMs;
    widthMs = Math.min(widthMs * 2, widestMs);
  }
}
