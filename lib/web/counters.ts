import "server-only";

type Counts = Map<string, number>;
// One set in a process, however many bundles of this file it loads.
const shared = globalThis as { gfluxRequests?: Counts };
const counts = (): Counts => {
  shared.gfluxRequests ??= new Map();
  return shared.gfluxRequests;
};

/** Counts an answered request, for /api/metrics. */
export function countRequest(operation: string, status: number): void {
  const name = `operation="${operation}",status="${status}"`;
  counts().set(name, (counts().get(name) ?? 0) + 1);
}

/** Labels, as Prometheus writes them, with how often. */
export const requestCounts = (): [string, number][] => [...counts()];
