import "server-only";

/** What intake did since the process started, for /api/metrics. */
const counters = {
  accepted: 0,
  rejected: 0,
  groups: 0,
  splits: 0,
  replays: 0,
  failures: 0,
  refusals: 0,
  merged: 0,
  takeovers: 0,
};
export type Counter = keyof typeof counters;

export const count = (name: Counter, by = 1): void => {
  counters[name] += by;
};

export const counted = (): Readonly<Record<Counter, number>> => ({ ...counters });
