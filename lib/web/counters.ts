import "server-only";

/** By `operation status`: both are words of ours. */
type Counts = Map<string, number>;
// One set in a process, however many bundles of this file it loads.
const shared = globalThis as { gfluxRequests?: Counts };
const counts = (): Counts => {
  shared.gfluxRequests ??= new Map();
  return shared.gfluxRequests;
};

/** Counts an answered request, for /api/metrics. */
export function countRequest(operation: string, status: number): void {
  const name = `${operation} ${status}`;
  counts().set(name, (counts().get(name) ?? 0) + 1);
}

/** How often each operation was answered with which status. */
export const requestCounts = (): { operation: string; status: string; count: number }[] =>
  [...counts()].map(([name, count]) => {
    const [operation = "", status = ""] = name.split(" ");
    return { operation, status, count };
  });
