const second = 1_000;
const hour = 3_600_000;

/** How often one send is tried, calls that were proven to have carried nothing counted; with the pauses below it takes two days. */
export const attemptsMax = 12;
/** How often one run is tried that fails by itself. */
export const runAttemptsMax = 12;

/** The pause after the given number of tries: 15 s, threefold each time, at most 12 hours. `chance` in [0, 1) spreads it over ±20 %. */
export const retryDelayMs = (tries: number, chance: number): number =>
  spread(Math.min(15 * second * 3 ** Math.max(tries - 1, 0), 12 * hour), chance);

/** How long a lane rests after failures in a row: 1 s, doubling, at most five minutes. */
export const laneRestMs = (failures: number, chance: number): number =>
  spread(Math.min(second * 2 ** Math.max(failures - 1, 0), 300 * second), chance);

/**
 * When to look a send up again that has been unknown for `ageMs`: after a quarter of its age, so that a search that was
 * blind for an hour is asked within a quarter more; between a twelfth of the search lag (5 s for the usual minute) and 15 minutes.
 */
export const lookUpDelayMs = (ageMs: number, { searchLagMs }: { searchLagMs: number }): number =>
  Math.min(Math.max(ageMs / 4, lookUpGapMs(searchLagMs)), 15 * 60 * second);

/** The shortest time between two look-ups that count. */
export const lookUpGapMs = (searchLagMs: number): number => Math.min(Math.max(searchLagMs / 12, 100), 5 * second);

const spread = (delayMs: number, chance: number): number => Math.round(delayMs * (0.8 + 0.4 * chance));
